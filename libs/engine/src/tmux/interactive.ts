import { RemudaError, type FailureCode } from '@remuda/domain';
import type { RunningProgram } from '../runner/runner.port.js';
import { isIdle, type CliMessage } from '../stream/cli-message.js';
import type { TurnProcess } from '../turn/turn-session.js';
import type { InteractiveAim } from './interactive-aim.js';
import type { PasteClient } from './paste-client.js';
import { PromptBox } from './prompt-box.js';
import { Dialogue } from './said/dialogue.js';
import { follow } from './said/follow.js';
import type { SeenTurn } from './said/seen-turn.js';
import { readEntry, readHook } from './said/transcript.js';
import { within } from './within.js';

/** How often the terminal is made again within a turn. */
const maxRebuilds = 3;

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
  #pid: number | undefined;
  #finish: (reason: string) => void = () => undefined;
  #reason: string | undefined;
  #lastLines: readonly string[] = [];
  #watcher: RunningProgram | undefined;
  readonly #tails: RunningProgram[] = [];
  /** Waits for the next prompt. */
  #next: PasteClient | undefined;
  readonly #dialogue: Dialogue;
  readonly #box: PromptBox;
  #ready: (() => void) | undefined;
  #rebuilds = 0;
  /** Whether there is something to resume. */
  #conversed: boolean;

  constructor(private readonly aim: InteractiveAim) {
    const { clock, limits, model, form, onStop, sessionId } = aim;
    this.#conversed = aim.resumes;
    this.#box = new PromptBox({
      ...{ clock, limitMs: limits.startMs, mayEnter: aim.mayEnter },
      paste: (text) => this.#paste(text),
      enter: () => {
        if (this.#watcher) aim.server.pressEnter(this.#watcher, aim.session);
      },
    });
    this.#dialogue = new Dialogue(sessionId, {
      ...{ clock, model, form, onStop, restMs: limits.restMs },
      ask: (prompt) => void this.#ask(prompt),
      onTaken: () => this.#box.taken(),
    });
    this.#dialogue.listen((message) => {
      if (isIdle(message)) this.#awaitPaste();
    });
    this.ended = new Promise((resolve) => {
      this.#finish = (reason) => {
        this.alive = false;
        this.#next?.close();
        for (const tail of this.#tails) tail.signal('SIGKILL');
        resolve(reason);
      };
    });
  }

  get version(): string | undefined {
    return this.#dialogue.version;
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
    const helpers = [...this.#tails, this.#watcher, this.#next].flatMap((program) => program?.pid ?? []);
    return this.#pid === undefined ? helpers : [this.#pid, ...helpers];
  }

  /** Starts it, and resolves when it takes prompts. Rejects with `engine.start_failed` and its last lines. */
  async start(): Promise<void> {
    this.#follow();
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
    return this.#dialogue.listen(listener);
  }

  next(fits: (message: CliMessage) => boolean): Promise<CliMessage> {
    return this.#dialogue.next(fits, this);
  }

  say(...texts: readonly string[]): void {
    this.#rebuilds = 0;
    void this.#ask(this.#dialogue.begin(texts.join('')).prompt);
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

  /** Reads what its hooks and its transcript say, from before its start. */
  #follow(): void {
    const { runner, env, calls, transcript, resumes } = this.aim;
    const tail = (path: string, from: 'start' | 'end', onLine: (line: string) => void): void => {
      this.#tails.push(follow({ runner, env, path, from, onLine }));
    };
    tail(calls, 'start', (line) => {
      const call = readHook(line);
      if (call?.kind === 'start') this.#ready?.();
      if (call) this.#dialogue.hear(call);
    });
    tail(transcript, resumes ? 'end' : 'start', (line) => {
      const entry = readEntry(line);
      this.#conversed ||= entry?.type === 'user' || entry?.type === 'assistant';
      if (entry) this.#dialogue.read(entry);
    });
  }

  /** Opens a session for it, in which it goes on with its conversation if it had one. */
  async #open(): Promise<void> {
    const { server, session, workspace, argv, limits, clock } = this.aim;
    await server.start();
    await server.close(session).catch(() => undefined);
    const ready = new Promise<undefined>((resolve) => {
      this.#ready = () => {
        resolve(undefined);
      };
    });
    const run = ['/bin/sh', '-c', 'exec 2> "$0"; exec "$@"', this.aim.errors, ...argv(this.#conversed)];
    this.#pid = await server.open({ session, cwd: workspace, argv: run });
    const watcher = server.watch(session);
    this.#watcher = watcher;
    const gone = watcher.exited.then(() => 'Claude Code ended.');
    watcher.stdout.resume();
    watcher.stderr.resume();
    const late = `Claude Code was not ready within ${String(limits.startMs)} ms and was killed.`;
    const fault = await within(clock, limits.startMs, Promise.race([ready, gone]), late);
    this.#ready = undefined;
    // killed while it was made again
    if (this.#reason !== undefined) this.kill(this.#reason);
    if (this.#reason !== undefined || fault !== undefined) {
      this.#lastLines = await this.#errors();
      throw new RemudaError('engine.start_failed', this.#reason ?? fault ?? '');
    }
    this.#awaitPaste();
    void gone.then(() => this.#gone());
  }

  /** Has a client wait for the next prompt, unless one does. */
  #awaitPaste(): void {
    const { server, session } = this.aim;
    if (this.alive) this.#next ??= server.awaitPaste(session);
  }

  async #paste(text: string): Promise<void> {
    this.#awaitPaste();
    const client = this.#next;
    this.#next = undefined;
    await client?.give(text);
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
    this.#next?.close();
    this.#next = undefined;
    try {
      if (this.#rebuilds++ >= maxRebuilds) throw new RemudaError('engine.crashed', 'Its terminal kept ending.');
      await this.aim.clean();
      await this.#open();
      const { turn } = this.#dialogue;
      if (turn) this.#goOn(turn);
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
    turn.askAgain();
    void this.#ask(submitted ? continuePrompt : turn.prompt);
  }

  async #ask(prompt: string): Promise<void> {
    const { turn } = this.#dialogue;
    const { mayEnter, limits } = this.aim;
    const { startMs } = limits;
    mayEnter().catch((error: unknown) => {
      this.kill(`The request could not be named: ${error instanceof Error ? error.message : String(error)}`);
    });
    try {
      if (await this.#box.give(prompt, () => this.#dialogue.turn === turn && this.alive)) return;
      this.kill(`Claude Code took no prompt within ${String(startMs)} ms and was killed.`);
    } catch {
      // the terminal is gone: whoever makes it again asks again
    }
  }
}
