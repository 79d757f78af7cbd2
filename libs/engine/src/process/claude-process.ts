import { RemudaError, type Clock, type FailureCode } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { readMessage, type CliMessage } from '../stream/cli-message.js';
import { Controls, type ControlRequest } from '../stream/controls.js';
import { LineReader, Tail } from '../stream/lines.js';
import { emptyMessage, userMessage } from '../stream/prompt.js';
import { isOutOfMemory } from '../runner/oom-kills.js';
import { exitWords, type Exit, type Runner, type RunningProgram } from '../runner/runner.port.js';

/** Longest line that Claude Code may print, in bytes. */
const maxLineBytes = 32 * 1024 * 1024;
/** How long the pipes are read on after the process has ended, in ms. */
const lastWordsMs = 250;
/** How long a killed process is waited for, in ms. */
const deathMs = 1_000;

/** What a process is started with. */
export interface ProcessAim {
  readonly claude: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly runner: Runner;
  readonly clock: Clock;
}

/** One running Claude Code in stream-json mode: what is written to it, and what it says. */
export class ClaudeProcess {
  /** Resolves with a sentence when the process has ended, for whatever reason. */
  readonly ended: Promise<string>;
  /** Longest wait for what it should do at once, in ms: longer while it starts. */
  patienceMs = 0;
  /** Answers what it asks us; undefined for what we don't know. */
  asked: (request: Record<string, unknown>) => object | undefined = () => undefined;
  /** Whether it can still be talked to. */
  alive = true;
  readonly #program: RunningProgram;
  readonly #tail = new Tail();
  readonly #controls = new Controls();
  readonly #listeners = new Set<(message: CliMessage) => void>();
  /** What we know better than the exit code. */
  #reason: string | undefined;
  #endCode: FailureCode = 'engine.crashed';
  /** What the kernel's count was before whatever it does at the moment. */
  #oomKills: Promise<number | undefined>;

  constructor(private readonly aim: ProcessAim) {
    const { claude, args, cwd, env, runner } = aim;
    this.#program = runner.start({ command: claude, args, cwd, env });
    this.#oomKills = this.#countOomKills();
    this.ended = this.#watch();
    this.#read();
  }

  /** Undefined as long as it is not known, or where it could not be started. */
  get pid(): number | undefined {
    return this.#program.pid;
  }

  /** The last lines that it printed outside of the protocol. */
  get lastLines(): readonly string[] {
    return this.#tail.lines;
  }

  /** With which code what it carried out fails, once it has ended by itself. */
  get endCode(): FailureCode {
    return this.#endCode;
  }

  /** Calls back for every message until the returned function is called. */
  listen(listener: (message: CliMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the first message that fits; rejects with `endCode` when the process ends before. */
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

  /** Hands it a user's message, of one or several texts. */
  say(...texts: readonly string[]): void {
    this.#oomKills = this.#countOomKills();
    this.#write(userMessage(texts));
  }

  /** Hands it a message without words, which it takes up and does not answer. */
  sayNothing(): void {
    this.#write(emptyMessage());
  }

  /**
   * Asks for something by the control protocol. Rejects with `endCode` when the process ends, with
   * `engine.unresponsive` when no answer comes in time (it is killed then: a reader that hangs never comes back), and
   * with `internal` when Claude Code refuses.
   */
  async control(request: ControlRequest): Promise<Record<string, unknown>> {
    if (!this.alive) throw new RemudaError(this.#endCode, this.#reason ?? 'Claude Code has ended.');
    const { line, answered } = this.#controls.ask(request);
    this.#write(line);
    return this.inTime(answered, request.subtype);
  }

  /** Waits for something that the process should do at once; kills it and rejects with `engine.unresponsive` when it doesn't. */
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

  /** SIGTERM to its process group: it ends within some 10 ms, also when it was stopped, and leaves its tools running. */
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

  /** Where nobody can say, nothing is known of it. */
  #countOomKills(): Promise<number | undefined> {
    return this.aim.runner.oomKills().catch(() => undefined);
  }

  /** What it printed last may still be in the pipe; a tool left behind may hold that open for as long as it likes. */
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
