import type { Clock, PermissionMode } from '@remuda/domain';
import type { EngineLog } from '../options.js';
import type { Session } from './session.js';
import type { Starter } from './starter.js';

/**
 * How long an engine is idle before its spare is started, in ms. When jobs follow each other, the next one arrives
 * sooner; the start of a spare would compete with it for the CPU, and the spare would end unused. A job that needs one
 * earlier waits for a start either way.
 */
const idleMs = 1_000;

/**
 * A process kept in addition to the warm one, for jobs with a different `initialize` or permission mode: at most one at
 * a time, and none unless it is wanted.
 */
export class Spare {
  #kept: Promise<Session | undefined> | undefined;
  #waiting: AbortController | undefined;
  #ready: Session | undefined;
  #drops = 0;

  constructor(
    private readonly starter: Starter,
    private readonly log: EngineLog,
    private readonly clock: Clock,
    private wanted: PermissionMode | undefined,
  ) {}

  /** The permission mode in which it is started; undefined if none is wanted. */
  get mode(): PermissionMode | undefined {
    return this.wanted;
  }

  /** Whether one in this permission mode is available now. */
  isReady(mode: PermissionMode): boolean {
    return mode === this.wanted && this.#ready?.process.alive === true;
  }

  /** From now on it is one in this permission mode, or none: another one that there is ends. */
  want(mode: PermissionMode | undefined): void {
    if (mode === this.wanted) return;
    this.wanted = mode;
    const kept = this.#kept;
    this.drop();
    void kept?.then((session) => {
      session?.process.kill('Claude Code was ended: no such spare is wanted any more.');
    });
  }

  /** Schedules the start of one if it is wanted and there is none. */
  keep(): void {
    if (this.wanted !== undefined) this.#kept ??= this.#start(this.wanted);
  }

  /** Resolves when it is ready or could not be started. */
  async settled(): Promise<void> {
    await this.#kept;
  }

  /** A job has arrived: a scheduled start is cancelled. */
  forgo(): void {
    if (this.#waiting) this.drop();
  }

  /** Forgets it in any state: the caller ends its process. */
  drop(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
    this.#drops++;
    this.#kept = undefined;
    this.#ready = undefined;
  }

  /** Hands it over after its start; undefined if there is none alive in this permission mode. */
  async take(mode: PermissionMode): Promise<Session | undefined> {
    const kept = mode === this.wanted ? this.#kept : undefined;
    if (!kept) return undefined;
    this.#kept = undefined;
    const spare = await kept;
    this.#ready = undefined;
    return spare?.process.alive ? spare : undefined;
  }

  async #start(mode: PermissionMode): Promise<Session | undefined> {
    const drops = this.#drops;
    const waiting = new AbortController();
    this.#waiting = waiting;
    await this.clock.sleep(idleMs, waiting.signal).catch(() => undefined);
    if (waiting.signal.aborted) return undefined;
    this.#waiting = undefined;
    try {
      const started = await this.starter.primed(mode);
      if (drops === this.#drops) this.#ready = started;
      return started;
    } catch (error) {
      if (drops === this.#drops) this.log.warn({ err: error }, 'no spare process could be started');
      return undefined;
    }
  }
}
