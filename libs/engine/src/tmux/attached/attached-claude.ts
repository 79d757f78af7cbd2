import type { Clock, FailureCode } from '@remuda/domain';
import type { Runner, RunningProgram } from '../../runner/runner.port.js';
import type { CliMessage } from '../../stream/cli-message.js';
import type { TurnProcess } from '../../turn/turn-session.js';
import { enterAfterMs } from '../prompt-box.js';
import { Dialogue } from '../said/dialogue.js';
import { follow } from '../said/follow.js';
import { pasted } from '../said/pasted.js';
import type { SeenTurn } from '../said/seen-turn.js';
import { readEntry } from '../said/transcript.js';
import type { TmuxServer } from '../tmux-server.js';
import type { FoundClaude } from './find-claude.js';
import { findAdded, sizesOf, type FoundPlace, type Sizes } from './growth.js';
import { endOf, isPrompt, isQueued } from './own-words.js';

/** A Claude Code that runs, and how to reach it. */
export interface AttachedAim {
  readonly found: FoundClaude;
  readonly server: Pick<TmuxServer, 'paste' | 'press'>;
  readonly runner: Runner;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly limits: { readonly startMs: number; readonly restMs: number };
}

/** Pauses between two looks for the prompt in the transcripts, in ms; the last one is repeated. */
const lookAgainMs = [40, 80, 160, 320, 500] as const;

/** After so many looks Enter is pressed again: it is lost while a paste is taken in. Not often: it may be a person's menu. */
const enterAfterLooks: readonly number[] = [3, 6, 10];

/**
 * A person's own Claude Code in a terminal, as a turn sees it. It was started without us and stays when we leave: nothing here
 * ends a process of it. Its hooks are its own, so that its transcript says everything: that a prompt was taken, what was said,
 * and that the turn has ended.
 */
export class AttachedClaude implements TurnProcess {
  readonly ended: Promise<string>;
  readonly endCode: FailureCode = 'engine.crashed';
  readonly lastLines: readonly string[] = [];
  alive = true;
  #finish: (reason: string) => void = () => undefined;
  readonly #dialogue: Dialogue;
  readonly #watcher: RunningProgram;
  #tail: RunningProgram | undefined;
  /** Whether the prompt of the turn was seen in the transcript. */
  #begun = false;

  constructor(private readonly aim: AttachedAim) {
    const { clock, limits, found, runner, env } = aim;
    this.#dialogue = new Dialogue('', {
      ...{ clock, model: 'unknown', form: undefined, restMs: limits.restMs },
      ask: () => undefined,
      onTaken: () => undefined,
      onStop: () => this.#tail?.signal('SIGKILL'),
    });
    this.ended = new Promise((resolve) => {
      this.#finish = (reason) => {
        this.alive = false;
        this.#tail?.signal('SIGKILL');
        this.#watcher.signal('SIGKILL');
        resolve(reason);
      };
    });
    const args = [`--pid=${String(found.pid)}`, '-s', '0.2', '-f', '/dev/null'];
    this.#watcher = runner.start({ command: 'tail', args, cwd: '/', env });
    this.#watcher.stdout.resume();
    this.#watcher.stderr.resume();
    void this.#watcher.exited.then(() => this.#finish('Claude Code has ended in its terminal.'));
  }

  get version(): string | undefined {
    return this.#dialogue.version;
  }

  listen(listener: (message: CliMessage) => void): () => void {
    return this.#dialogue.listen(listener);
  }

  next(fits: (message: CliMessage) => boolean): Promise<CliMessage> {
    return this.#dialogue.next(fits, this);
  }

  say(...texts: readonly string[]): void {
    void this.#ask(this.#dialogue.begin(texts.join('')));
  }

  /** Only `interrupt`: Escape, as its person would press it. */
  async control(): Promise<Record<string, unknown>> {
    await this.aim.server.press(this.aim.found.pane, 'Escape');
    return {};
  }

  /** Lets go of it. */
  terminate(reason: string): void {
    this.#finish(reason.replace('was told to exit', 'was left to its person'));
  }

  /** Lets go of it. */
  kill(reason: string): void {
    this.#finish(reason.replace('was killed', 'was left to its person'));
  }

  async #ask(turn: SeenTurn): Promise<void> {
    const { server, found, runner, env, clock } = this.aim;
    const prompt = pasted(turn.prompt);
    this.#begun = false;
    this.#tail?.signal('SIGKILL');
    try {
      const before = await sizesOf({ folder: found.transcripts, runner, env });
      await server.paste(found.pane, prompt);
      await clock.sleep(enterAfterMs[0]);
      await server.press(found.pane, 'Enter');
      const place = await this.#taken(turn, prompt, before);
      if (place === undefined) return;
      const onLine = (line: string): void => {
        const entry = readEntry(line);
        if (entry && this.#dialogue.turn === turn) this.#read(entry, prompt);
      };
      this.#tail = follow({ runner, env, ...place, until: found.pid, onLine });
    } catch (error) {
      this.#finish(error instanceof Error ? error.message : String(error));
    }
  }

  /** Where the prompt is in the transcripts, once it was taken or waits its turn; undefined if the turn is over before. */
  async #taken(turn: SeenTurn, prompt: string, before: Sizes): Promise<FoundPlace | undefined> {
    const { clock, limits, server, found, runner, env } = this.aim;
    const place = { folder: found.transcripts, runner, env };
    const fits = (entry: CliMessage): boolean => isPrompt(entry, prompt) || isQueued(entry, prompt);
    const since = clock.monotonic();
    for (let looks = 1; this.alive && this.#dialogue.turn === turn; looks++) {
      await clock.sleep(lookAgainMs[Math.min(looks, lookAgainMs.length) - 1] ?? 0);
      const at = await findAdded(place, before, fits);
      if (at) return at;
      if (clock.monotonic() - since > limits.startMs)
        this.#finish(
          `Claude Code took no prompt within ${String(limits.startMs)} ms: it may show a question of its own.`,
        );
      else if (enterAfterLooks.includes(looks)) await server.press(found.pane, 'Enter');
    }
    return undefined;
  }

  #read(entry: CliMessage, prompt: string): void {
    if (!this.#begun) {
      if (!isPrompt(entry, prompt)) return;
      this.#begun = true;
      const { sessionId } = entry as { readonly sessionId?: unknown };
      if (typeof sessionId === 'string') this.#dialogue.sessionId = sessionId;
    }
    this.#dialogue.read(entry);
    const end = endOf(entry);
    if (end) this.#dialogue.endByTranscript(end === 'failed');
  }
}
