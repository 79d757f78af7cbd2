import { randomUUID } from 'node:crypto';
import {
  RemudaError,
  failureOf,
  type AbortSignalLike,
  type Ended,
  type Engine,
  type NewEvent,
  type Turn,
  type TurnEnd,
} from '@remuda/domain';
import { idleToken } from '@remuda/protocol';
import { leftBehind } from '../process/left-behind.js';
import { unlessAborted } from '../abort.js';
import { defaultLimits, type EngineLimits, type StreamEngineOptions } from '../options.js';
import { ownUser } from '../runner/local-runner.js';
import type { Runner } from '../runner/runner.port.js';
import { withWarnings } from '../turn/turn-end.js';
import { refusalOf } from '../turn/refusal.js';
import { runTurn } from '../turn/turn-run.js';
import type { TurnSession } from '../turn/turn-session.js';
import { scrubHome } from '../workspace/home.js';
import { clearWorkspace } from '../workspace/workspace.js';
import type { InteractiveClaude } from './interactive.js';
import { OwnProcesses } from './own-processes.js';
import { formOf, isSame, startOf, type Start } from './start/start-of.js';
import { TerminalStarter } from './start/terminal-starter.js';

/** All options of the engine. */
export interface TmuxEngineOptions extends Omit<StreamEngineOptions, 'spare'> {
  /** Name in the names of its sessions. Default `cc-bridge`. */
  readonly workspaceName?: string;
  /** Folder in which its Stop hook writes responses; default: none. */
  readonly responses?: string;
  /** Called when a turn with a `requestId` has ended by itself, with the turn's credential. */
  readonly onStop?: (stop: StoppedTurn) => void;
}

/** A turn that has ended by itself. */
export interface StoppedTurn {
  readonly requestId: string;
  readonly status: 'succeeded' | 'failed';
  readonly text: string;
  readonly bridgeToken: string;
}

/** Claude Code in a terminal, and what it was started with. */
interface Running {
  readonly claude: InteractiveClaude;
  readonly start: Start;
  readonly sessionId: string;
}

/**
 * The interactive Claude Code in a tmux session, which a person can attach to. Slower than stream-json, without token
 * deltas and costs; what is fixed at a start is changed by another start that resumes the session.
 */
export class TmuxEngine implements Engine {
  readonly #limits: EngineLimits;
  readonly #scope = randomUUID();
  readonly #runner: Runner;
  readonly #starter: TerminalStarter;
  readonly #processes: OwnProcesses;
  #running: Running | undefined;
  /** A session that the next start resumes. */
  #resumes: string | undefined;
  #tellWarning: ((message: string) => void) | undefined;
  #turning = false;
  #requestId: string | undefined;
  #dead = false;

  constructor(private readonly options: TmuxEngineOptions) {
    const { runner = ownUser, modelRetries = 4, workspaceName = 'cc-bridge', responses, clock } = options;
    this.#runner = runner;
    this.#limits = { ...defaultLimits, ...options.limits };
    const shared = { runner, scope: this.#scope, limits: this.#limits, clock };
    this.#starter = new TerminalStarter({ ...options, ...shared, modelRetries, workspaceName, responses });
    this.#processes = new OwnProcesses({ ...shared, claudePids: () => this.#running?.claude.pids ?? [] });
  }

  get version(): string | undefined {
    return this.#running?.claude.version;
  }

  async warm(bridgeToken = idleToken): Promise<void> {
    if (this.#running?.claude.alive) return;
    await this.#starter.lay();
    await this.#begin(startOf(this.options.profile, { bridgeToken, env: {} }));
  }

  async resume(sessionId: string, turn: Parameters<Engine['resume']>[1]): Promise<void> {
    this.#resumes = sessionId;
    const bridgeToken = this.#running?.start.bridgeToken ?? idleToken;
    await this.#starter.lay();
    await this.#begin(startOf(this.options.profile, { ...turn, bridgeToken, env: {} }));
  }

  async turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    if (this.#turning) throw new RemudaError('internal', 'The engine carries out one turn at a time.');
    this.#turning = true;
    try {
      return await this.#turn(turn, onEvent, signal);
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error) };
    } finally {
      this.#turning = false;
      this.#tellWarning = undefined;
    }
  }

  async #turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    const refused = refusalOf(turn);
    if (refused) return { kind: 'failed', failure: refused };
    const { clock, log } = this.options;
    const warnings: string[] = [];
    this.#tellWarning = (message) => {
      warnings.push(message);
      onEvent({ type: 'attempt.warned', at: clock.now(), data: { message } });
    };
    const running = await unlessAborted(this.#prepare(turn, signal), signal);
    if (running === undefined) return { kind: 'interrupted' };
    this.#requestId = turn.requestId;
    this.#starter.nameRequest(turn.requestId);
    const session: TurnSession = { process: running.claude, costUsd: 0, form: formOf(running.start) };
    const { end, stopped } = await runTurn({ session, turn, onEvent, signal, limits: this.#limits, clock, log });
    await turn.beforeSweep?.();
    if (stopped && end.kind !== 'succeeded')
      return withWarnings({ ...end, ended: await this.#processes.proveEnd(stopped.by, stopped.since) }, warnings);
    const { found } = await this.#processes.killRest();
    if (found.length > 0 && end.kind === 'succeeded') this.#tellWarning(leftBehind(found));
    return withWarnings(end, warnings);
  }

  async endRest(): Promise<Ended | undefined> {
    return this.#processes.proveEnd('interrupt', this.options.clock.monotonic()).catch(() => undefined);
  }

  async memoryMb(): Promise<number | undefined> {
    return this.#runner.memoryMb(this.#processes.pids).catch(() => undefined);
  }

  /** The text of the terminal's screen, for people. Rejects with `engine.crashed` if there is none. */
  async screen(): Promise<string> {
    return this.#starter.screen();
  }

  async reset(bridgeToken?: string): Promise<void> {
    if (this.#dead) throw new RemudaError('engine.crashed', 'The engine has been killed.');
    if (!this.#running?.claude.alive) throw new RemudaError('engine.crashed', 'Claude Code has ended.');
    await this.#end('Claude Code was ended: its job is over.');
    this.#processes.forget();
    if (this.#runner.alone) await this.#runner.killUser(this.#limits.killMs);
    if ((await this.#processes.endAll(0)).left > 0)
      throw new RemudaError('engine.unresponsive', 'Processes of the last job could not be killed.');
    this.#starter.forgetServer();
    if (!this.options.keepFiles) await this.#empty();
    await this.warm(bridgeToken);
  }

  async #empty(): Promise<void> {
    const env = this.#starter.harmlessEnv;
    await clearWorkspace({ folder: this.options.workspace, env, runner: this.#runner, scope: this.#scope });
    await scrubHome(this.#starter.folders);
  }

  async kill(): Promise<void> {
    this.#dead = true;
    const { killMs } = this.#limits;
    try {
      this.#running?.claude.terminate('Claude Code was told to exit.');
      const { left } = await this.#processes.endAll(killMs);
      if (left > 0) this.options.log.warn({ scope: this.#scope }, 'some processes could not be killed');
      await this.#end('Claude Code was killed.');
    } catch (error) {
      if (failureOf(error).code !== 'engine.crashed') throw error;
    }
  }

  /** The terminal for a turn: the running one, or another start, which goes on with the conversation if there is one. */
  async #prepare(turn: Turn, signal: AbortSignalLike): Promise<Running> {
    const start = startOf(this.options.profile, turn);
    const running = this.#running;
    if (running?.claude.alive && isSame(running.start, start) && turn.freshFiles !== true) return running;
    if (signal.aborted) throw new RemudaError('job.cancelled', 'The turn was interrupted before it began.');
    if (running?.claude.conversed) this.#resumes ??= running.sessionId;
    return this.#begin(start);
  }

  async #begin(start: Start): Promise<Running> {
    if (this.#dead) throw new RemudaError('engine.crashed', 'The engine has been killed.');
    await this.#end('Claude Code was ended: it is started anew.');
    const resumed = this.#resumes;
    this.#resumes = undefined;
    const sessionId = resumed ?? randomUUID();
    const running: Running = { claude: await this.#claude(start, sessionId, resumed !== undefined), start, sessionId };
    await running.claude.start();
    this.#running = running;
    void running.claude.ended.then((reason) => {
      if (!this.#dead && !this.#turning && this.#running === running) this.options.onExit?.(reason);
    });
    await this.#settle();
    return running;
  }

  #claude(start: Start, sessionId: string, resumes: boolean): Promise<InteractiveClaude> {
    return this.#starter.prepare({
      ...{ start, sessionId, resumes },
      clean: async () => {
        await this.#processes.killRest();
      },
      onStop: ({ failed, text }) => {
        const { bridgeToken } = start;
        const status = failed ? 'failed' : 'succeeded';
        const requestId = this.#requestId;
        if (requestId !== undefined) this.options.onStop?.({ requestId, status, text, bridgeToken });
      },
      onRebuilt: () => {
        this.#tellWarning?.(
          'The terminal of Claude Code ended in the middle of the turn; the session was resumed in a new one.',
        );
        void this.#settle();
      },
    });
  }

  /** Notes what runs while nothing of a job does. */
  async #settle(): Promise<void> {
    await this.#processes.note(await this.#starter.serverPid(), this.#turning);
  }

  async #end(reason: string): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (!running?.claude.alive) return;
    running.claude.kill(reason);
    await running.claude.ended;
  }
}
