import { RemudaError, type Clock, type FailureCode } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { readMessage, type CliMessage } from '../stream/cli-message.js';
import { Controls, type ControlRequest } from '../stream/controls.js';
import { LineReader, Tail } from '../stream/lines.js';
import { emptyMessage, userMessage } from '../stream/prompt.js';
import { isOutOfMemory } from '../runner/oom-kills.js';
import { exitWords, type Exit, type Runner, type RunningProgram } from '../runner/runner.port.js';

/** Maximum length of a line of Claude Code's output, in bytes. */
const maxLineBytes = 32 * 1024 * 1024;
/** How long the pipes are read after the process has ended, in ms. */
const lastWordsMs = 250;
/** How long to wait for a killed process, in ms. */
const deathMs = 1_000;

/** Options of starting a process. */
export interface ProcessAim {
  readonly claude: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly runner: Runner;
  readonly clock: Clock;
}

/** A running Claude Code in stream-json mode: its input and output. */
export class ClaudeProcess {
  /** Resolves with a sentence when the process has ended for any reason. */
  readonly ended: Promise<string>;
  /** Timeout of what it should do immediately, in ms: longer while it starts. */
  patienceMs = 0;
  /** Answers its questions; undefined for unknown ones. */
  asked: (request: Record<string, unknown>) => object | undefined = () => undefined;
  /** Whether it can still be written to. */
  alive = true;
  readonly #program: RunningProgram;
  readonly #tail = new Tail();
  readonly #controls = new Controls();
  readonly #listeners = new Set<(message: CliMessage) => void>();
  /** A better reason for its end than the exit code. */
  #reason: string | undefined;
  #endCode: FailureCode = 'engine.crashed';
  /** The kernel's count of OOM kills before the current action. */
  #oomKills: Promise<number | undefined>;

  constructor(private readonly aim: ProcessAim) {
    const { claude, args, cwd, env, runner } = aim;
    this.#program = runner.start({ command: claude, args, cwd, env });
    this.#oomKills = this.#countOomKills();
    this.ended = this.#watch();
    this.#read();
  }

  /** Undefined until it is known, or if it could not be started. */
  get pid(): number | undefined {
    return this.#program.pid;
  }

  /** Its last lines of output outside the protocol. */
  get lastLines(): readonly string[] {
    return this.#tail.lines;
  }

  /** The failure code of its work if it has ended unexpectedly. */
  get endCode(): FailureCode {
    return this.#endCode;
  }

  /** Calls back for every message until the returned function is called. */
  listen(listener: (message: CliMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the first matching message; rejects with `endCode` if the process ends first. */
  async next(fits: (message: CliMessage) => boolean): Promise<CliMessage> {
    let stop: (() => void) | undefined;
    const found = new Promise<CliMessage>((resolve) => {
      stop = this.listen((message) => {
        if (fits(message)) resolve(message);
      });
    });
    const first = await Promise.race([found, this.ended]);
    stop?.();
    if (typeof first === 'string') throw new RemudaError(this.#endCode, first);
    return first;
  }

  /** Sends it a user's message of one or several texts. */
  say(...texts: readonly string[]): void {
    this.#oomKills = this.#countOomKills();
    this.#write(userMessage(texts));
  }

  /** Sends it a message while its turn runs, under this id. */
  steer(id: string, ...texts: readonly string[]): void {
    this.#write(userMessage(texts, id));
  }

  /** Sends it a message without text, which it accepts and does not answer. */
  sayNothing(): void {
    this.#write(emptyMessage());
  }

  /**
   * Sends a control request. Rejects with `endCode` if the process ends, with `engine.unresponsive` if no answer
   * arrives in time (it is then killed: a reader that hangs never recovers), and with `internal` if Claude Code
   * refuses.
   */
  async control(request: ControlRequest): Promise<Record<string, unknown>> {
    if (!this.alive) throw new RemudaError(this.#endCode, this.#reason ?? 'Claude Code has ended.');
    const { line, answered } = this.#controls.ask(request);
    this.#write(line);
    return this.inTime(answered, request.subtype);
  }

  /**
   * Waits for what the process should do immediately; kills it and rejects with `engine.unresponsive` if it times out.
   */
  async inTime<T>(work: Promise<T>, what: string): Promise<T> {
    const { patienceMs } = this;
    const timer = new AbortController();
    const late = this.aim.clock.sleep(patienceMs, timer.signal).then(
      () => `Claude Code did not answer ${what} within ${String(patienceMs)} ms and was killed.`,
      () => undefined,
    );
    try {
      const first = await Promise.race([work.then((value) => ({ value })), late]);
      if (typeof first === 'object') return first.value;
      this.kill(first ?? what);
      await this.#atMost(deathMs, this.ended);
      throw new RemudaError('engine.unresponsive', first ?? what);
    } finally {
      timer.abort();
    }
  }

  /** SIGTERM to its process group: it exits within some 10 ms, even if it was stopped, and leaves its tools running. */
  terminate(reason: string): void {
    this.#signal('SIGTERM', reason);
    this.#signal('SIGCONT', reason);
  }

  /** SIGKILL to its process group. */
  kill(reason: string): void {
    this.#signal('SIGKILL', reason);
  }

  #signal(name: NodeJS.Signals, reason: string): void {
    if (!this.alive) return;
    this.#reason ??= reason;
    this.#program.signal(name);
  }

  #write(value: object): void {
    if (this.alive) this.#program.stdin.write(`${JSON.stringify(value)}\n`);
  }

  async #watch(): Promise<string> {
    const exit = await this.#program.exited;
    this.alive = false;
    const sentence = await this.#sentenceOf(exit);
    const reason = this.#reason ?? sentence;
    this.#controls.fail(new RemudaError(this.#endCode, reason));
    return reason;
  }

  async #sentenceOf(exit: Exit): Promise<string> {
    const sentence = `Claude Code ${exitWords(exit)}.`;
    if (exit.fault !== undefined) return sentence;
    const [outOfMemory] = await Promise.all([this.#wasOutOfMemory(exit.signal ?? null), this.#lastWords()]);
    if (outOfMemory) this.#endCode = 'engine.out_of_memory';
    return outOfMemory ? 'Claude Code ran out of memory and was killed by the kernel.' : sentence;
  }

  async #wasOutOfMemory(signal: string | null): Promise<boolean> {
    const ours = this.#reason !== undefined;
    const [killsBefore, killsAfter] = await Promise.all([this.#oomKills, this.#countOomKills()]);
    return isOutOfMemory({ signal, ours, killsBefore, killsAfter });
  }

  /** Unknown if the runner cannot tell. */
  #countOomKills(): Promise<number | undefined> {
    return this.aim.runner.oomKills().catch(() => undefined);
  }

  /** Its last output may still be in the pipe; a tool it left behind may keep that open indefinitely. */
  #lastWords(): Promise<void> {
    return this.#atMost(lastWordsMs, this.#program.closed);
  }

  async #atMost(ms: number, work: Promise<unknown>): Promise<void> {
    const timer = new AbortController();
    await Promise.race([work, this.aim.clock.sleep(ms, timer.signal).catch(() => undefined)]);
    timer.abort();
  }

  #read(): void {
    const reader = new LineReader(maxLineBytes);
    this.#program.stdout.on('data', (chunk: Buffer) => {
      const lines = reader.read(chunk);
      if (lines === undefined) {
        this.#program.stdout.destroy();
        this.kill(`Claude Code printed a line of more than ${String(maxLineBytes)} bytes and was killed.`);
      }
      for (const line of lines ?? []) this.#take(line);
    });
    this.#program.stderr.on('data', (chunk: Buffer) => {
      this.#tail.add(chunk.toString('utf8'));
    });
  }

  #take(line: string): void {
    const message = readMessage(line);
    if (message === undefined) this.#tail.add(line);
    else if (message.type === 'control_response') this.#controls.answer(message['response']);
    else if (message.type === 'control_request') this.#reply(message);
    else for (const listener of this.#listeners) listener(message);
  }

  #reply({ request_id, request }: CliMessage): void {
    const response = isRecord(request) ? this.asked(request) : undefined;
    const said = response ? { subtype: 'success', response } : { subtype: 'error', error: 'not supported' };
    this.#write({ type: 'control_response', response: { ...said, request_id } });
  }
}
