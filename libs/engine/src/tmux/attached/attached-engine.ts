import {
  RemudaError,
  failureOf,
  type AbortSignalLike,
  type Clock,
  type Ended,
  type Engine,
  type NewEvent,
  type Turn,
  type TurnEnd,
} from '@remuda/domain';
import { defaultLimits, type EngineLimits, type EngineLog } from '../../options.js';
import { harmlessOf } from '../../process/environment.js';
import { ownUser } from '../../runner/local-runner.js';
import type { Runner } from '../../runner/runner.port.js';
import { runTurn } from '../../turn/turn-run.js';
import { sessionName, TmuxServer } from '../tmux-server.js';
import { AttachedClaude } from './attached-claude.js';
import { findClaude } from './find-claude.js';

/** All options of the engine. */
export interface AttachedEngineOptions {
  /** Name in the name of the session: `claude-<workspace>`. */
  readonly workspaceName: string;
  /** The environment to inherit from: PATH, and where tmux has its sockets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where and as whom the person's Claude Code runs. Default: here, as the user of this process. */
  readonly runner?: Runner;
  readonly limits?: Partial<EngineLimits>;
  readonly clock: Clock;
  readonly log: EngineLog;
  /** Called if the Claude Code ends outside a turn. */
  readonly onExit?: (reason: string) => void;
}

/** What a turn may not ask of a Claude Code that is set by its person. */
const notOurs = ['model', 'appendSystemPrompt', 'outputSchema', 'permissionMode', 'tools'] as const;

/**
 * The Claude Code that a person has started in a tmux session. It is found, never started and never ended: prompts are pasted
 * into it, and answers read from its transcript. Its model, permissions, hooks and credential are the person's.
 */
export class AttachedEngine implements Engine {
  readonly #session: string;
  readonly #runner: Runner;
  readonly #limits: EngineLimits;
  readonly #env: Record<string, string>;
  readonly #server: TmuxServer;
  #claude: AttachedClaude | undefined;
  #pid: number | undefined;
  #turning = false;
  #left = false;

  constructor(private readonly options: AttachedEngineOptions) {
    const { workspaceName, runner = ownUser, env, limits } = options;
    this.#session = sessionName(workspaceName);
    this.#runner = runner;
    this.#limits = { ...defaultLimits, ...limits };
    const { TMUX_TMPDIR } = env;
    this.#env = { ...harmlessOf(env), ...(TMUX_TMPDIR === undefined ? {} : { TMUX_TMPDIR }) };
    this.#server = new TmuxServer({ runner, config: '/dev/null', env: this.#env });
  }

  get version(): string | undefined {
    return this.#claude?.version;
  }

  /** Attaches, if it is not. Rejects with `engine.not_running`. */
  async warm(): Promise<void> {
    await this.#attach();
  }

  resume(): Promise<void> {
    return Promise.reject(new RemudaError('engine.start_failed', 'Which session it has is for its person to say.'));
  }

  async turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    if (this.#turning) throw new RemudaError('internal', 'The engine carries out one turn at a time.');
    this.#turning = true;
    try {
      mustFit(turn);
      const session = { process: await this.#attach(), costUsd: 0, form: undefined };
      const { clock, log } = this.options;
      const { end } = await runTurn({ session, turn, onEvent, signal, limits: this.#limits, clock, log });
      return end;
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error) };
    } finally {
      this.#turning = false;
    }
  }

  /** What runs there is not only ours: nothing is ended, and nothing proved. */
  endRest(): Promise<Ended | undefined> {
    return Promise.resolve(undefined);
  }

  async memoryMb(): Promise<number | undefined> {
    return this.#pid === undefined ? undefined : this.#runner.memoryMb([this.#pid]).catch(() => undefined);
  }

  /** The conversation goes on: only attaches again if that is needed. */
  reset(): Promise<void> {
    return this.warm();
  }

  /** Lets go of it. */
  kill(): Promise<void> {
    this.#left = true;
    this.#claude?.kill('The worker has left.');
    return Promise.resolve();
  }

  async #attach(): Promise<AttachedClaude> {
    if (this.#claude?.alive) return this.#claude;
    const place = { server: this.#server, session: this.#session, runner: this.#runner, env: this.#env };
    const found = await findClaude(place);
    if (found === undefined)
      throw new RemudaError(
        'engine.not_running',
        `No Claude Code runs in a tmux session ${this.#session}. Start one: tmux new-session -s ${this.#session} claude`,
      );
    const { clock } = this.options;
    const claude = new AttachedClaude({ ...place, found, clock, limits: this.#limits });
    this.#claude = claude;
    this.#pid = found.pid;
    void claude.ended.then((reason) => {
      if (!this.#left && !this.#turning && this.#claude === claude) this.options.onExit?.(reason);
    });
    return claude;
  }
}

function mustFit(turn: Turn): void {
  const asked = [...notOurs.filter((name) => turn[name] !== undefined), ...Object.keys(turn.env)];
  if (asked.length === 0) return;
  throw new RemudaError(
    'job.impossible',
    `The Claude Code to which this worker is attached is set by its person: ${asked.join(', ')} cannot be set by a prompt.`,
  );
}
