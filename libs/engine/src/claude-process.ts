import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { RemudaError, type Clock, type FailureCode } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { startAs } from './as-user.js';
import { readMessage, type CliMessage } from './cli-message.js';
import { Controls, type ControlRequest } from './controls.js';
import { LineReader, Tail } from './lines.js';
import { countOomKills, isOutOfMemory } from './oom-kills.js';
import { emptyMessage, userMessage } from './prompt.js';
import type { EngineUser } from './options.js';
import { signal } from './sweep.js';

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
  readonly user?: EngineUser;
  readonly clock: Clock;
}

/** One running Claude Code in stream-json mode: what is written to it, and what it says. */
export class ClaudeProcess {
  readonly pid: number | undefined;
  /** Resolves with a sentence when the process has ended, for whatever reason. */
  readonly ended: Promise<string>;
  /** Longest wait for what it should do at once, in ms: longer while it starts. */
  patienceMs = 0;
  /** Answers what it asks us; undefined for what we don't know. */
  asked: (request: Record<string, unknown>) => object | undefined = () => undefined;
  /** Whether it can still be talked to. */
  alive = true;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #tail = new Tail();
  readonly #controls = new Controls();
  readonly #listeners = new Set<(message: CliMessage) => void>();
  /** What we know better than the exit code. */
  #reason: string | undefined;
  #endCode: FailureCode = 'engine.crashed';
  /** What the kernel's count was before whatever it does at the moment. */
  #oomKills = countOomKills();

  constructor(private readonly aim: ProcessAim) {
    const { claude, args, cwd, env, user } = aim;
    // A session of its own: signals meant for us don't reach it.
    const start = startAs(user, cwd, claude, args);
    this.#child = spawn(start.command, start.args, { ...start.options, env, detached: true, stdio: 'pipe' });
    this.pid = this.#child.pid;
    this.ended = this.#watch();
    this.#read();
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
    this.#oomKills = countOomKills();
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
      () => `Claude Code gave no answer to ${what} within ${String(patienceMs)} ms and was killed.`,
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
    if (!this.alive || this.pid === undefined) return;
    this.#reason ??= reason;
    signal(-this.pid, name);
  }

  #write(value: object): void {
    if (this.alive) this.#child.stdin.write(`${JSON.stringify(value)}\n`);
  }

  #watch(): Promise<string> {
    // A write to a process that has just ended is no news: its end is.
    this.#child.stdin.on('error', () => undefined);
    return new Promise((resolve) => {
      const end = (sentence: string): void => {
        this.alive = false;
        const reason = this.#reason ?? sentence;
        this.#controls.fail(new RemudaError(this.#endCode, reason));
        resolve(reason);
      };
      this.#child.once('error', (error) => {
        end(`Claude Code could not be started: ${error.message}`);
      });
      this.#child.once('exit', (code, signal) => {
        this.alive = false;
        const sentence = `Claude Code ended with ${signal ?? `exit code ${String(code)}`}.`;
        void Promise.all([this.#wasOutOfMemory(signal), this.#lastWords()]).then(([outOfMemory]) => {
          if (outOfMemory) this.#endCode = 'engine.out_of_memory';
          end(outOfMemory ? 'The kernel killed Claude Code for want of memory.' : sentence);
        });
      });
    });
  }

  async #wasOutOfMemory(signal: string | null): Promise<boolean> {
    const ours = this.#reason !== undefined;
    const [killsBefore, killsAfter] = await Promise.all([this.#oomKills, countOomKills()]);
    return isOutOfMemory({ signal, ours, killsBefore, killsAfter });
  }

  /** What it printed last may still be in the pipe; a tool left behind may hold that open for as long as it likes. */
  #lastWords(): Promise<void> {
    const closed = new Promise<void>((resolve) =>
      this.#child.once('close', () => {
        resolve();
      }),
    );
    return this.#atMost(lastWordsMs, closed);
  }

  async #atMost(ms: number, work: Promise<unknown>): Promise<void> {
    const timer = new AbortController();
    await Promise.race([work, this.aim.clock.sleep(ms, timer.signal).catch(() => undefined)]);
    timer.abort();
  }

  #read(): void {
    const reader = new LineReader(maxLineBytes);
    this.#child.stdout.on('data', (chunk: Buffer) => {
      const lines = reader.read(chunk);
      if (lines === undefined) {
        this.#child.stdout.destroy();
        this.kill(`Claude Code printed a line of more than ${String(maxLineBytes)} bytes and was killed.`);
      }
      for (const line of lines ?? []) this.#take(line);
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
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
