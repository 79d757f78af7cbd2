import { randomUUID } from 'node:crypto';
import {
  RemudaError,
  failureOf,
  laterRung,
  needsOwnMode,
  type AbortSignalLike,
  type Ended,
  type EndingRung,
  type Engine,
  type NewEvent,
  type PermissionMode,
  type Turn,
  type TurnEnd,
} from '@remuda/domain';
import { unlessAborted } from './abort.js';
import type { GitFolder } from './workspace/git.js';
import { layFolders, scrubHome, type Folders } from './workspace/home.js';
import { killAll } from './process/kill.js';
import { initialOf, needOf, type Need } from './turn/needs.js';
import { defaultLimits, type EngineLimits, type StreamEngineOptions } from './options.js';
import { ownUser } from './runner/local-runner.js';
import type { Runner } from './runner/runner.port.js';
import type { Session } from './process/session.js';
import { Spare } from './process/spare.js';
import { Starter } from './process/starter.js';
import { leftBehind } from './process/left-behind.js';
import { nameOf, present, sweep, type Swept, type SweepPlace } from './process/sweep.js';
import { refusalOf } from './turn/refusal.js';
import { withWarnings } from './turn/turn-end.js';
import { runTurn } from './turn/turn-run.js';
import { clearWorkspace } from './workspace/workspace.js';

/** How long a process may take to end its session, in ms. */
const partMs = 3_000;

/**
 * Claude Code kept warm in stream-json mode: one process that is initialised for the profile, and in addition, if it is
 * wanted and while the engine is idle, a spare for a job with its own system prompt, schema or permission mode.
 */
export class StreamEngine implements Engine {
  readonly #limits: EngineLimits;
  readonly #scope = randomUUID();
  readonly #runner: Runner;
  readonly #starter: Starter;
  #main: Session | undefined;
  readonly #spare: Spare;
  /** A process that resumes another engine's session, for the next turn. */
  #resumed: Session | undefined;
  /** Whether files were put into the workspace since the processes read it. */
  #filled = false;
  #turning = false;
  /** Whether the idle engine's processes are recorded, so that a spare may be added. */
  #isSettled = false;
  #dead = false;
  /** The process of the last turn, which goes on with its session; it is the warm one as well. */
  #held: Session | undefined;
  /** Whether the warm process was ended with its turn, so that its transcript is complete. */
  #parted = false;
  #baseline: ReadonlySet<string> = new Set();

  constructor(private readonly options: StreamEngineOptions) {
    this.#runner = options.runner ?? ownUser;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#starter = new Starter(options, this.#limits, this.#scope);
    this.#spare = new Spare(this.#starter, options.log, options.clock, options.spare);
  }

  /** The workspace as git sees it; all processes of git are the engine's. */
  get workspace(): GitFolder {
    const env = this.#starter.harmlessEnv;
    return { folder: this.options.workspace, env, runner: this.#runner, scope: this.#scope };
  }

  get version(): string | undefined {
    return this.#main?.version;
  }

  async warm(bridgeToken?: string): Promise<void> {
    if (this.#main?.process.alive) return;
    await layFolders(this.#folders);
    const main = await this.#startMain();
    await this.#settle();
    // If it cannot be set now, the turn sets it.
    if (bridgeToken !== undefined) await main.set({ bridgeToken, env: {} }).catch(() => undefined);
  }

  /** Resolves when nothing runs in the background: the spare is ready, or could not be started. */
  async settled(): Promise<void> {
    await this.#spare.settled();
  }

  /** Whether a process is initialised for such a turn: the warm one, the spare, or none yet. */
  readiness(turn: Pick<Turn, 'appendSystemPrompt' | 'outputSchema' | 'permissionMode'>): Need {
    const need = needOf(turn, this.options.profile);
    if (this.#dead) return 'cold';
    if (need !== 'warm') return this.#spare.isReady(this.#modeOf(turn)) ? 'primed' : 'cold';
    return this.#main?.process.alive ? 'warm' : 'cold';
  }

  /** Ends a spare of another kind, unless a turn has taken it. */
  keepSpare(permissionMode: PermissionMode | undefined): void {
    this.#spare.want(permissionMode);
    if (!this.#turning && this.#isSettled && this.#main?.process.alive) this.#spare.keep();
  }

  /** The permission mode in which a turn's own process starts: what a running one can be set to needs no other. */
  #modeOf({ permissionMode: asked }: Pick<Turn, 'permissionMode'>): PermissionMode {
    const { permissionMode } = this.options.profile;
    return asked !== undefined && needsOwnMode(asked, permissionMode) ? asked : permissionMode;
  }

  async resume(sessionId: string, turn: Parameters<Engine['resume']>[1]): Promise<void> {
    const mode = turn.permissionMode ?? this.options.profile.permissionMode;
    this.#spare.forgo();
    this.#resumed = await this.#starter.resumed(sessionId, mode, initialOf(this.options.profile, turn));
  }

  async turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    if (this.#turning) throw new RemudaError('internal', 'The engine carries out one turn at a time.');
    this.#turning = true;
    this.#spare.forgo();
    try {
      return await this.#turn(turn, onEvent, signal);
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error) };
    } finally {
      this.#turning = false;
    }
  }

  async #turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd> {
    const refused = refusalOf(turn);
    if (refused) return { kind: 'failed', failure: refused };
    const session = await unlessAborted(this.#prepare(turn, signal), signal);
    if (session === undefined) {
      this.#spoil(turn);
      return { kind: 'interrupted' };
    }
    const { clock, log } = this.options;
    let usedTools = false as boolean;
    const tell = (event: NewEvent): void => {
      usedTools ||= event.type === 'tool.called';
      onEvent(event);
    };
    const { end, stopped } = await runTurn({ session, turn, onEvent: tell, signal, limits: this.#limits, clock, log });
    await turn.beforeSweep?.();
    const holds = turn.holdSession === true && end.kind === 'succeeded' && session.process.alive;
    if (holds) await this.#hold(session);
    else if (turn.keepSession) await this.#part(session);
    else if (session !== this.#main) await this.#end(session, 'its job is over');
    // The workspace must not change any more when it is collected. Scanning all processes takes some 10 ms.
    if (stopped && end.kind !== 'succeeded') return { ...end, ended: await this.#proveEnd(stopped.by, stopped.since) };
    const { found } = usedTools ? await this.#sweep(0) : { found: [] };
    if (found.length === 0 || end.kind !== 'succeeded') return end;
    const message = leftBehind(found);
    onEvent({ type: 'attempt.warned', at: clock.now(), data: { message } });
    return withWarnings(end, [message]);
  }

  get holding(): boolean {
    return this.#held?.process.alive === true;
  }

  async endHeld(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held) await this.#part(held);
  }

  /** Keeps a process for the session's next turn, in place of the warm one. */
  async #hold(session: Session): Promise<void> {
    const main = this.#main;
    this.#held = session;
    if (session === main) return;
    this.#watch(session);
    await this.#end(main, 'its worker is held for a session');
  }

  /** Lets a process end by itself: it writes its transcript some 100 ms after the fact, and all of it before it exits. */
  async #part(session: Session): Promise<void> {
    if (session === this.#main) {
      this.#main = undefined;
      this.#parted = true;
    }
    if (session.process.alive) session.process.control({ subtype: 'end_session' }).catch(() => undefined);
    const { clock } = this.options;
    const timer = new AbortController();
    await Promise.race([session.process.ended, clock.sleep(partMs, timer.signal).catch(() => undefined)]);
    timer.abort();
    await this.#end(session, 'its session goes on elsewhere');
  }

  async endRest(): Promise<Ended | undefined> {
    return this.#proveEnd('interrupt', this.options.clock.monotonic()).catch(() => undefined);
  }

  async memoryMb(): Promise<number | undefined> {
    return this.#runner.memoryMb(this.#starter.pids);
  }

  /**
   * Ends the processes of a turn, and returns the rung at which all of them were gone. `since` is of the monotonic
   * clock, in ms.
   */
  async #proveEnd(rung: EndingRung, since: number): Promise<Ended> {
    const { by = rung, left } = await this.#sweep(this.#limits.terminateMs);
    return { by: laterRung(rung, by), processesLeft: left, ms: Math.round(this.options.clock.monotonic() - since) };
  }

  /** Ends the half-finished set-up of an interrupted turn, which cannot be reused. */
  #spoil(turn: Turn): void {
    const kept = needOf(turn, this.options.profile) === 'warm' ? undefined : this.#main?.process;
    for (const one of this.#starter.running) if (one !== kept) one.kill('The turn was interrupted before it began.');
  }

  /**
   * Ends all processes, including the spare: a job's process can write to the memory of any of them, and none can be
   * reset. Fresh ones are started when nothing of the job is left, in emptied folders.
   */
  async reset(bridgeToken?: string): Promise<void> {
    if (this.#dead) throw new RemudaError('engine.crashed', 'The engine has been killed.');
    if (!this.#parted && !this.#main?.process.alive) throw new RemudaError('engine.crashed', 'Claude Code has ended.');
    await this.#endAll('its job is over');
    this.#baseline = new Set();
    if (this.#runner.alone) await this.#runner.killUser(this.#limits.killMs);
    if ((await this.#sweep(0)).left > 0)
      throw new RemudaError('engine.unresponsive', 'Processes of the last job could not be killed.');
    if (!this.options.keepFiles) await this.#empty();
    this.#filled = false;
    this.#parted = false;
    await this.warm(bridgeToken);
  }

  async #empty(): Promise<void> {
    await clearWorkspace(this.workspace);
    await scrubHome(this.#folders);
  }

  async kill(): Promise<void> {
    this.#dead = true;
    this.#spare.drop();
    const { clock, log } = this.options;
    const { killMs } = this.#limits;
    await killAll({ starter: this.#starter, ...this.#place, killMs, clock, log });
  }

  get #folders(): Folders {
    const { workspace, home, profile, cache } = this.options;
    const env = this.#starter.harmlessEnv;
    return { workspace, home, env, runner: this.#runner, importMemory: !profile.trustRepository, cache };
  }

  get #place(): SweepPlace {
    return { runner: this.#runner, scope: this.#scope };
  }

  async #startMain(): Promise<Session> {
    const main = await this.#starter.warm();
    this.#watch(main);
    return main;
  }

  /** Makes it the warm process, whose end is reported. */
  #watch(main: Session): void {
    this.#main = main;
    void main.process.ended.then((reason) => {
      if (!this.#dead && !this.#turning && this.#main === main) this.options.onExit?.(reason);
    });
  }

  /** Records the idle engine's processes, and schedules a spare if it stays idle. */
  async #settle(): Promise<void> {
    this.#baseline = new Set((await present(this.#place, () => this.#starter.pids)).map(nameOf));
    this.#isSettled = true;
    if (!this.#dead) this.#spare.keep();
  }

  /**
   * `/clear` alone makes it read the new files, and costs 9 ms; priming again costs 20 and makes the first request only
   * 5 faster. A trusted repository's settings are only read at start-up, so there the process is restarted.
   */
  async #readFiles(): Promise<void> {
    this.#filled = true;
    if (!this.options.profile.trustRepository) return this.#main?.clear();
    await this.#endAll('it is restarted in a trusted repository');
    await this.#startMain();
  }

  /** Finds the process for a turn and sets it up. */
  async #prepare(turn: Turn, signal: AbortSignalLike): Promise<Session> {
    if (turn.freshFiles) await this.#readFiles();
    const session = await this.#take(turn, signal);
    if (!session.initialised) {
      await session.initialise(initialOf(this.options.profile, turn));
      session.process.patienceMs = this.#limits.controlMs;
      if (this.#filled) await session.clear();
    }
    await session.set(turn);
    await session.proveResultTool();
    return session;
  }

  async #take(turn: Turn, signal: AbortSignalLike): Promise<Session> {
    const { profile } = this.options;
    const held = this.#held;
    this.#held = undefined;
    if (held?.process.alive) return held;
    if (held) throw new RemudaError('engine.crashed', 'Claude Code has ended between two turns.');
    const resumed = this.#resumed;
    this.#resumed = undefined;
    if (resumed?.process.alive) return resumed;
    const need = needOf(turn, profile);
    if (need === 'warm') return this.#main?.process.alive ? this.#main : this.#startMain();
    const spare = await this.#spare.take(this.#modeOf(turn));
    if (signal.aborted) throw new RemudaError('job.cancelled', 'The turn was interrupted before it began.');
    return spare ?? this.#starter.bare(turn.permissionMode ?? profile.permissionMode);
  }

  /** Ends every process. Their end is not reported then. */
  async #endAll(reason: string): Promise<void> {
    this.#main = undefined;
    this.#held = undefined;
    this.#resumed = undefined;
    this.#isSettled = false;
    this.#spare.drop();
    for (const one of this.#starter.running) one.kill(`Claude Code was ended: ${reason}.`);
    await Promise.all([...this.#starter.running].map((one) => one.ended));
  }

  async #end(session: Session | undefined, reason: string): Promise<void> {
    session?.process.kill(`Claude Code was ended: ${reason}.`);
    await session?.process.ended;
  }

  /** Ends the remaining processes of the last turn; `terminateMs` after SIGTERM, with 0 at once. */
  #sweep(terminateMs: number): Promise<Swept> {
    const spared = (): readonly number[] =>
      [...this.#starter.running].flatMap((one) => (one === this.#main?.process ? [] : (one.pid ?? [])));
    const { clock } = this.options;
    const limitMs = this.#limits.killMs;
    const roots = (): readonly number[] => this.#starter.pids;
    return sweep({ ...this.#place, roots, spared, baseline: this.#baseline, terminateMs, limitMs, clock });
  }
}
