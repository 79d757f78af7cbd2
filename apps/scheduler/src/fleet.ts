import type { WorkerPhase } from '@remuda/domain';
import type { Astray } from './astray.js';

/** A worker that is this scheduler's own, as it knows it at the moment. Times are epoch ms. */
export interface OwnWorker {
  readonly id: string;
  readonly profile: string;
  phase: WorkerPhase;
  readonly startedAt: number;
  /** When its Claude Code was last made warm; 0 before the first time. */
  readyAt: number;
  heardAt: number;
  /** Name of the bridge grant that its next job is to have; it's good for one. */
  grant?: string;
  /** Its engine could not be made warm. */
  cold?: boolean;
  drainingSince?: number;
  /** By when it was told to leave. */
  drainBy?: number;
  /** It is given no job, and stays. */
  cordoned?: boolean;
  /** The job that it does not seem to have. */
  astray?: Astray;
}

/** No word for so long means lost, in ms: three heartbeats missed. */
export const silenceMs = 6_000;
/** We look at our workers more often than this, in ms; a longer pause is one of ours: frozen, or Redis was away. */
const napMs = 2_500;
/** A container takes no longer than this to a warm worker, in ms; else it's given up. */
export const startLimitMs = 60_000;
/** What is left to a worker after its drain's limit, in ms; then it's removed. */
export const drainGraceMs = 10_000;

/** The workers that this scheduler owns, and which of them are free. The one idle for the shortest time goes first. */
export class Fleet {
  readonly #workers = new Map<string, OwnWorker>();
  readonly #idle = new Map<string, string[]>();
  readonly #engagedAt = new Map<string, number>();
  #awakeAt = Infinity;

  /** `ownDrainMs` is what workers take that leave by themselves. */
  constructor(private readonly ownDrainMs = 10_000) {}

  add(worker: OwnWorker): void {
    this.#workers.set(worker.id, worker);
  }

  get(id: string): OwnWorker | undefined {
    return this.#workers.get(id);
  }

  all(): readonly OwnWorker[] {
    return [...this.#workers.values()];
  }

  /** Puts a worker among the free ones; a cordoned one only looks so. */
  free(worker: OwnWorker): void {
    worker.phase = 'idle';
    if (worker.cordoned === true) return;
    const idle = this.#idle.get(worker.profile) ?? [];
    if (!idle.includes(worker.id)) idle.push(worker.id);
    this.#idle.set(worker.profile, idle);
  }

  /** Takes a free worker, so that nobody else does. */
  take(profile: string): OwnWorker | undefined {
    const id = this.#idle.get(profile)?.pop();
    return id === undefined ? undefined : this.#workers.get(id);
  }

  /** When a worker of the profile last became busy; 0 before the first time. */
  engagedAt(profile: string): number {
    return this.#engagedAt.get(profile) ?? 0;
  }

  /** Whether a worker is free. */
  hasFree(profile: string): boolean {
    return (this.#idle.get(profile)?.length ?? 0) > 0;
  }

  /** Moves a worker out of the free ones. */
  engage(id: string, phase: WorkerPhase, now: number): void {
    const worker = this.#workers.get(id);
    if (!worker) return;
    this.unlist(id);
    worker.phase = phase;
    if (phase === 'draining') worker.drainingSince ??= now;
    if (phase === 'busy') this.#engagedAt.set(worker.profile, now);
  }

  remove(id: string): void {
    this.unlist(id);
    this.#workers.delete(id);
  }

  /** To be said whenever Redis has answered: for the time in which we could not hear them, workers don't count as silent. */
  awake(now: number): void {
    const nap = now - this.#awakeAt;
    this.#awakeAt = now;
    if (nap > napMs) for (const worker of this.#workers.values()) worker.heardAt = Math.max(worker.heardAt, now);
  }

  /** Why a worker counts as lost, where it does. */
  lost(worker: OwnWorker, now: number): string | undefined {
    if (worker.phase !== 'starting' && now - worker.heardAt > silenceMs)
      return `no heartbeat for ${String(Math.round((now - worker.heardAt) / 1000))} s`;
    if (worker.phase === 'starting' && now - worker.startedAt > startLimitMs) return 'was not ready in time';
    if (worker.phase !== 'draining' || worker.drainingSince === undefined) return undefined;
    const by = worker.drainBy ?? worker.drainingSince + this.ownDrainMs;
    return now > by + drainGraceMs ? 'did not leave in time' : undefined;
  }

  /** Takes a worker from among the free ones. */
  unlist(id: string): void {
    const idle = this.#idle.get(this.#workers.get(id)?.profile ?? '');
    const at = idle?.indexOf(id) ?? -1;
    if (at >= 0) idle?.splice(at, 1);
  }
}
