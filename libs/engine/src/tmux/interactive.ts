import { RemudaError, type Clock, type FailureCode } from '@remuda/domain';
import type { ResultForm } from '../result/result-form.js';
import type { Runner, RunningProgram } from '../runner/runner.port.js';
import type { CliMessage } from '../stream/cli-message.js';
import type { TurnProcess } from '../turn/turn-session.js';
import { structuredOf } from './answer-form.js';
import { follow } from './follow.js';
import { pasted } from './pasted.js';
import { SeenTurn } from './seen-turn.js';
import { isInterruption, isStopSummary, messageOf, readEntry, readHook, type HookCall } from './transcript.js';
import type { TmuxServer } from './tmux-server.js';

/** What Claude Code in a terminal is started with. */
export interface InteractiveAim {
  readonly server: TmuxServer;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
  readonly session: string;
  readonly workspace: string;
  readonly model: string;
  readonly form: ResultForm | undefined;
  /** File of its hooks' calls. */
  readonly calls: string;
  /** File of what it prints outside of its terminal. */
  readonly errors: string;
  /** The session's transcript. */
  readonly transcript: string;
  readonly sessionId: string;
  /** Whether it goes on with a session that exists. */
  readonly resumes: boolean;
  /** Its program and arguments. */
  readonly argv: (resumes: boolean) => readonly string[];
  /** From its start until it is ready, and for a prompt to be taken; and from a turn's end until its transcript is complete. */
  readonly limits: { readonly startMs: number; readonly restMs: number };
  /** Ends what a terminal that is gone has left, before the next one. */
  readonly clean: () => Promise<void>;
  /** Told when a turn has ended by itself. */
  readonly onStop: (stop: { readonly failed: boolean; readonly text: string }) => void;
  /** Told when the terminal was made again in the middle of a turn. */
  readonly onRebuilt: () => void;
}

/** How long to wait for a prompt to be taken before Enter is pressed again, in ms: it is lost while a paste is taken in. */
const enterAgainMs = [80, 160, 320, 640, 1_000] as const;

/** How often the terminal is made again within a turn. */
const maxRebuilds = 3;

/** How often an answer that does not fit its schema is asked for again. */
const maxCorrections = 4;

const continuePrompt = [
  'The terminal in which you were working has ended, and this conversation goes on in a new one.',
  'Processes that you had started are gone. A tool call without a result may have been begun: look before you do it again.',
  'Go on with the task from where it stands, and do not repeat what is already done.',
].join('\n');

/**
 * Claude Code's interactive program in a tmux session, driven as the stream-json process is. Its screen is never read:
 * what is said comes from the transcript, and its hooks say when a prompt was taken and when the turn ended. A terminal
 * that ends unasked is made again, and goes on with the session.
 */
export class InteractiveClaude implements TurnProcess {
  readonly ended: Promise<string>;
  readonly endCode: FailureCode = 'engine.crashed';
  alive = true;
  version: string | undefined;
  #pid: number | undefined;
  #finish: (reason: string) => void = () => undefined;
  #reason: string | undefined;
  #lastLines: readonly string[] = [];
  #watcher: RunningProgram | undefined;
  readonly #tails: RunningProgram[] = [];
  readonly #listeners = new Set<(message: CliMessage) => void>();
  #turn: SeenTurn | undefined;
  #taken: () => void = () => undefined;
  #ready: (() => void) | undefined;
  #rebuilds = 0;
  /** Whether there is something to resume. */
  #conversed: boolean;

  constructor(private readonly aim: InteractiveAim) {
    this.#conversed = aim.resumes;
    this.ended = new Promise((resolve) => {
      this.#finish = (reason) => {
        this.alive = false;
        for (const tail of this.#tails) tail.signal('SIGKILL');
        resolve(reason);
      };
    });
  }

  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** Whether it has a conversation that another start could resume. */
  get conversed(): boolean {
    return this.#conversed;
  }

  /** Ids of the processes that drive it, and its own. */
  get pids(): readonly number[] {
    const helpers = [...this.#tails, this.#watcher].flatMap((program) => program?.pid ?? []);
    return this.#pid === undefined ? helpers : [this.#pid, ...helpers];
  }

  /** Starts it, and resolves when it takes prompts. Rejects with `engine.start_failed` and its last lines. */
  async start(): Promise<void> {
    const { runner, env, calls, transcript, resumes } = this.aim;
    const tail = (path: string, fromStart: boolean, onLine: (line: string) => void): RunningProgram =>
      follow({ runner, env, path, fromStart, onLine });
    this.#tails.push(
      tail(calls, true, (line) => {
        const call = readHook(line);
        if (call) this.#hear(call);
      }),
      tail(transcript, !resumes, (line) => {
        const entry = readEntry(line);
        if (entry) this.#read(entry);
      }),
    );
    try {
      await this.#open();
    } catch (error) {
      const reason = this.#sentence(error);
      this.kill('Claude Code could not be made ready and was killed.');
      this.#finish(reason);
      throw new RemudaError('engine.start_failed', reason, { lastLines: this.#lastLines });
    }
  }

  listen(listener: (message: CliMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async next(fits: (message: CliMessage) => boolean): Promise<CliMessage> {
    let stop: (() => void) | undefined;
    const found = new Promise<CliMessage>((resolve) => {
      stop = this.listen((message) => {
        if (fits(message)) resolve(message);
      });
    });
    const first = await Promise.race([found, this.ended]);
    stop?.();
    if (typeof first === 'string') throw new RemudaError(this.endCode, first);
    return first;
  }

  say(...texts: readonly string[]): void {
    this.#turn = new SeenTurn(texts.join(''));
    this.#rebuilds = 0;
    void this.#ask(this.#turn.prompt);
  }

  /** Only `interrupt`: Escape, as a person would press it. */
  async control(): Promise<Record<string, unknown>> {
    await this.aim.server.press(this.aim.session, 'Escape');
    return {};
  }

  terminate(reason: string): void {
    this.#reason ??= reason;
    this.#signal('SIGTERM');
    this.#signal('SIGCONT');
  }

  kill(reason: string): void {
    this.#reason ??= reason;
    this.#signal('SIGKILL');
    // a tmux server that was stopped would not report the end
    if (this.#watcher) this.#watcher.signal('SIGKILL');
    else this.#finish(this.#reason);
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#pid !== undefined && this.alive) this.aim.runner.signal([this.#pid], name).catch(() => undefined);
  }

  /** Opens a session for it, in which it goes on with its conversation if it had one. */
  async #open(): Promise<void> {
    const { server, session, workspace, argv, limits } = this.aim;
    await server.start();
    await server.close(session).catch(() => undefined);
    const ready = new Promise<void>((resolve) => (this.#ready = resolve));
    const run = ['/bin/sh', '-c', 'exec 2> "$0"; exec "$@"', this.aim.errors, ...argv(this.#conversed)];
    this.#pid = await server.open({ session, cwd: workspace, argv: run });
    const watcher = server.watch(session);
    this.#watcher = watcher;
    const gone = watcher.exited.then(() => 'Claude Code ended.');
    watcher.stdout.resume();
    watcher.stderr.resume();
    const late = `Claude Code was not ready within ${String(limits.startMs)} ms and was killed.`;
    const fault = await this.#within(limits.startMs, Promise.race([ready.then(() => undefined), gone]), late);
    this.#ready = undefined;
    // killed while it was made again
    if (this.#reason !== undefined) this.kill(this.#reason);
    if (this.#reason !== undefined || fault !== undefined) {
      this.#lastLines = await this.#errors();
      throw new RemudaError('engine.start_failed', this.#reason ?? fault ?? '');
    }
    void gone.then(() => this.#gone());
  }

  /** What it printed outside of its terminal. */
  async #errors(): Promise<readonly string[]> {
    const { runner, env, errors } = this.aim;
    const program = runner.start({ command: 'tail', args: ['-n', '20', '--', errors], cwd: '/', env });
    let text = '';
    program.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    program.stdin.end();
    await program.closed;
    return text.split('\n').filter((line) => line.trim() !== '');
  }

  /** The terminal is gone: made again unless that was wanted. */
  async #gone(): Promise<void> {
    if (this.#reason !== undefined) {
      this.#finish(this.#reason);
      return;
    }
    // it was only hung up on, which it takes its time for
    this.#signal('SIGKILL');
    this.#pid = undefined;
    try {
      if (this.#rebuilds++ >= maxRebuilds) throw new RemudaError('engine.crashed', 'Its terminal kept ending.');
      await this.aim.clean();
      await this.#open();
      if (this.#turn) this.#goOn(this.#turn);
    } catch (error) {
      this.#finish(this.#sentence(error));
    }
  }

  #sentence(error: unknown): string {
    return this.#reason ?? (error instanceof Error ? error.message : 'Claude Code ended.');
  }

  #goOn(turn: SeenTurn): void {
    this.aim.onRebuilt();
    const { submitted } = turn;
    turn.submitted = false;
    void this.#ask(submitted ? continuePrompt : turn.prompt);
  }

  /** Pastes a prompt, and presses Enter until a hook says that it was taken. */
  async #ask(prompt: string): Promise<void> {
    const { server, session, limits, clock } = this.aim;
    const turn = this.#turn;
    const since = clock.monotonic();
    const taken = new Promise<undefined>((resolve) => {
      this.#taken = () => {
        resolve(undefined);
      };
    });
    try {
      await server.paste(session, pasted(prompt));
      for (let i = 0; !(await this.#tookWithin(taken, enterAgainMs[Math.min(i, enterAgainMs.length - 1)] ?? 0)); i++) {
        if (this.#turn !== turn || !this.alive) return;
        if (clock.monotonic() - since > limits.startMs) {
          this.kill(`Claude Code took no prompt within ${String(limits.startMs)} ms and was killed.`);
          return;
        }
        await server.press(session, 'Enter');
      }
    } catch {
      // the terminal is gone: whoever makes it again asks again
    }
  }

  async #tookWithin(taken: Promise<undefined>, ms: number): Promise<boolean> {
    return (await this.#within(ms, taken, 'late')) === undefined;
  }

  async #within<T>(ms: number, work: Promise<T>, late: T | string): Promise<T | string> {
    const timer = new AbortController();
    const passed = this.aim.clock.sleep(ms, timer.signal).then(
      () => late,
      () => late,
    );
    try {
      return await Promise.race([work, passed]);
    } finally {
      timer.abort();
    }
  }

  #hear({ kind, input }: HookCall): void {
    const turn = this.#turn;
    if (kind === 'start') this.#ready?.();
    else if (turn === undefined) return;
    else if (kind === 'submit') this.#submitted(turn);
    else if (kind === 'asked') turn.denied.push(deniedOf(input));
    else {
      const text = input['last_assistant_message'];
      const stop = { failed: kind === 'failed', text: typeof text === 'string' ? text : undefined };
      turn.stop = stop;
      if (turn.complete) this.#over(turn);
      else
        void this.aim.clock
          .sleep(this.aim.limits.restMs)
          .then(() => (turn.stop === stop ? this.#over(turn) : undefined));
    }
  }

  #submitted(turn: SeenTurn): void {
    if (turn.submitted) return;
    turn.submitted = true;
    this.#taken();
  }

  /** The prompt's own entry is the first of a turn. */
  #tellStart(turn: SeenTurn): void {
    if (turn.told) return;
    turn.told = true;
    const { model, sessionId } = this.aim;
    const named = this.version === undefined ? {} : { claude_code_version: this.version };
    this.#tell({ type: 'system', subtype: 'init', session_id: sessionId, model, tools: [], ...named });
  }

  #read(entry: CliMessage): void {
    if (typeof entry['version'] === 'string') this.version = entry['version'];
    if (entry.type === 'user' || entry.type === 'assistant') this.#conversed = true;
    const turn = this.#turn;
    if (turn === undefined) return;
    if (entry.type === 'user' || entry.type === 'assistant') this.#tellStart(turn);
    const message = messageOf(entry);
    if (message) {
      this.#submitted(turn);
      turn.see(message);
      this.#tell(message);
    }
    turn.interrupted ||= isInterruption(entry);
    if (turn.interrupted || (turn.stop && (turn.complete || isStopSummary(entry)))) this.#over(turn);
  }

  /** The turn has ended, unless its answer has to be asked for again. */
  #over(turn: SeenTurn): void {
    if (this.#turn !== turn) return;
    const { form } = this.aim;
    const wants = form !== undefined && !turn.interrupted && turn.stop?.failed !== true;
    const given = wants ? structuredOf(form, turn.stop?.text ?? turn.lastText) : undefined;
    if (given?.fault !== undefined && turn.corrections++ < maxCorrections) {
      turn.stop = undefined;
      turn.submitted = false;
      void this.#ask(given.fault);
      return;
    }
    this.#turn = undefined;
    this.#taken();
    if (turn.stop) this.aim.onStop({ failed: turn.stop.failed, text: turn.stop.text ?? turn.lastText });
    this.#tell(turn.result(given?.output));
    this.#tell({ type: 'system', subtype: 'session_state_changed', state: 'idle' });
  }

  #tell(message: CliMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}

function deniedOf(input: Readonly<Record<string, unknown>>): { tool_name?: string; tool_use_id?: string } {
  const { tool_name, tool_use_id } = input;
  return {
    ...(typeof tool_name === 'string' ? { tool_name } : {}),
    ...(typeof tool_use_id === 'string' ? { tool_use_id } : {}),
  };
}
