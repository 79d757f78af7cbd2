import type { WorkerPhase } from '@remuda/domain';
import type { SuspectedOrphan } from './suspected-orphan.js';
import { Hearing, isLively, type Silence } from './silence.js';

/** A worker that is this scheduler's own, as it knows it at the moment. Times are of the monotonic clock, in ms, where nothing else is said. */
export interface OwnWorker {
  readonly id: string;
  readonly profile: string;
  phase: WorkerPhase;
  readonly startedAt: number;
  /** When its Claude Code was last made warm, epoch ms; 0 before the first time. */
  readyAt: number;
  /** Its last word; -Infinity before the first that we hear. */
  heardAt: number;
  /** Names the engine on which its container is; undefined of one that an earlier release started. */
  readonly engine: string | undefined;
  /** Names the bridge by which it speaks; undefined where it reaches Redis by itself. */
  readonly bridge: string | undefined;
  /** Fingerprint of the profile, and name of the image, that it was made from. */
  readonly fingerprint: string;
  readonly release: string | undefined;
  /** Name of the bridge grant that its next job is to have; it's good for one. */
  grant?: string;
  /** Its engine could not be made warm. */
  cold?: boolean;
  drainingSince?: number;
  /** By when it was told to leave, epoch ms; and the same by the monotonic clock. */
  drainBy?: number;
  leaveBy?: number;
  /** It is given no job, and stays. */
  cordoned?: boolean;
  /** The job that it does not seem to have. */
  orphan?: SuspectedOrphan;
}

/** We look at our workers more often than this, in ms; a longer pause is one of ours: frozen, or Redis was away. */
const napMs = 2_500;
/** What is left to a worker after its drain's limit, in ms; then it's removed. */
export const drainGraceMs = 10_000;

/** The workers that this scheduler owns, and which of them are free. The one idle for the shortest time goes first. */
export class Fleet {
  readonly #workers = new Map<string, OwnWorker>();
  readonly #idle = new Map<string, string[]>();
  readonly #engagedAt = new Map<string, number>();
  readonly #hearing = new Hearing();
  #awakeAt = -Infinity;

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
  list(worker: OwnWorker): void {
    worker.phase = 'idle';
    if (worker.cordoned === true) return;
    const idle = this.#idle.get(worker.profile) ?? [];
    if (!idle.includes(worker.id)) idle.push(worker.id);
    this.#idle.set(worker.profile, idle);
  }

  /**
   * The workers that can be given a job, in the order in which they became free: those that were heard a short time ago, since others
   * may be gone.
   */
  free(profile: string, now: number): readonly OwnWorker[] {
    return (this.#idle.get(profile) ?? []).flatMap((id) => {
      const worker = this.#workers.get(id);
      return worker && isLively(worker, now) ? [worker] : [];
    });
  }

  /** Hears a word of a worker; true where it had not been heard for so long that it could be given no job. */
  hear(worker: OwnWorker, now: number): boolean {
    const wasQuiet = !isLively(worker, now);
    this.#hearing.onWord(worker, now);
    worker.heardAt = now;
    return wasQuiet;
  }

  /** When a worker of the profile last became busy; -Infinity before the first time. */
  engagedAt(profile: string): number {
    return this.#engagedAt.get(profile) ?? -Infinity;
  }

  /** Ages of the workers that start, in ms. */
  starting(now: number): readonly number[] {
    return this.all().flatMap(({ phase, startedAt }) => (phase === 'starting' ? [now - startedAt] : []));
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
    if (nap > napMs) this.#hearing.excuse(now);
  }

  /** For the time before `now` nobody counts as silent: so it is for workers that come to us. */
  excuse(now: number): void {
    this.#hearing.excuse(now);
  }

  /** What it means that a worker says nothing. One that starts says nothing yet. */
  silence(worker: OwnWorker, now: number): Silence {
    return worker.phase === 'starting' ? 'none' : this.#hearing.of(worker, this.all(), now);
  }

  /** Whether a worker that was told to leave has not done so in time. */
  late(worker: OwnWorker, now: number): boolean {
    if (worker.phase !== 'draining' || worker.drainingSince === undefined) return false;
    const by = worker.leaveBy ?? worker.drainingSince + this.ownDrainMs;
    return now > by + drainGraceMs;
  }

  /** Takes a worker from among the free ones. */
  unlist(id: string): void {
    const idle = this.#idle.get(this.#workers.get(id)?.profile ?? '');
    const at = idle?.indexOf(id) ?? -1;
    if (at >= 0) idle?.splice(at, 1);
  }
}
