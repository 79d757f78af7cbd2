import type { WorkerPhase } from '@remuda/domain';
import type { SuspectedOrphan } from './suspected-orphan.js';
import { Hearing, isLively, type Silence } from './silence.js';

/**
 * A worker that this scheduler owns, with its current state. Times are of the monotonic clock, in ms, unless stated
 * otherwise.
 */
export interface OwnWorker {
  readonly id: string;
  readonly profile: string;
  phase: WorkerPhase;
  readonly startedAt: number;
  /** When its Claude Code was last warmed up, epoch ms; 0 before the first time. */
  readyAt: number;
  /** Its last report; -Infinity before the first one. */
  heardAt: number;
  /** Name of the engine of its container; undefined if an earlier release started it. */
  readonly engine: string | undefined;
  /** Name of the bridge through which it reports; undefined if it has its own connection to Redis. */
  readonly bridge: string | undefined;
  /** Fingerprint of the profile, and name of the image, that it was made from. */
  readonly fingerprint: string;
  readonly release: string | undefined;
  /** Name of the bridge grant for its next job; it is valid for one. */
  grant?: string;
  /** The public key that it has reported; see `SecretReceiver`. */
  key?: string;
  /** Its engine could not be warmed up. */
  cold?: boolean;
  drainingSince?: number;
  /** When it must leave, epoch ms; and the same by the monotonic clock. */
  drainBy?: number;
  leaveBy?: number;
  /** Whether it stays without getting new jobs. */
  cordoned?: boolean;
  /** The session for whose next turn it waits, with Claude Code alive. */
  held?: HeldFor;
  /** The session that has had it without a pause, and since when. */
  kept?: { readonly session: string; readonly since: number };
  /** The turn that it has ended, and whose snapshot it still takes. */
  keeping?: KeepsTurn;
  /** The job that it seems to have lost. */
  orphan?: SuspectedOrphan;
}

/** A turn that is over, and whose snapshot is still being taken. */
export interface KeepsTurn {
  readonly job: string;
  readonly lease: number;
  /** Its session, and how long the worker then waits for the next turn, in ms; unknown after a takeover. */
  readonly session?: string;
  readonly holdMs?: number;
}

/** A session that a worker holds: since when, and until when it may get a turn (by the monotonic clock, in ms). */
export interface HeldFor {
  readonly session: string;
  readonly since: number;
  readonly until: number;
}

/** We check our workers more often than this, in ms; a longer gap is our own: frozen, or an outage of Redis. */
const napMs = 2_500;
/** A longer wait between two turns is a pause, in ms: the pool's plan has had time to take the worker for jobs that wait. */
const pauseMs = 2_000;
/** Grace period of a worker after its drain's limit, in ms; then it is removed. */
export const drainGraceMs = 10_000;

/**
 * The workers that this scheduler owns, and which of them are free. The one idle for the shortest time is used first.
 */
export class Fleet {
  readonly #workers = new Map<string, OwnWorker>();
  /** Free workers by profile, in the order in which they became so. */
  readonly #idle = new Map<string, Set<string>>();
  readonly #engagedAt = new Map<string, number>();
  readonly #hearing = new Hearing();
  #awakeAt = -Infinity;

  /** `ownDrainMs` is the drain limit of workers that leave on their own. */
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

  /** Adds a worker to the free ones, unless it is cordoned. */
  list(worker: OwnWorker): void {
    worker.phase = 'idle';
    delete worker.held;
    delete worker.kept;
    if (worker.cordoned === true) return;
    const idle = this.#idle.get(worker.profile) ?? new Set();
    this.#idle.set(worker.profile, idle.add(worker.id));
  }

  /**
   * The workers that can get a job, in the order in which they became free: only those with a recent report, since
   * others may be gone.
   */
  free(profile: string, now: number): readonly OwnWorker[] {
    return [...(this.#idle.get(profile) ?? [])].flatMap((id) => {
      const worker = this.#workers.get(id);
      return worker && isLively(worker, now) ? [worker] : [];
    });
  }

  /** Number of workers that can get a job, counted no further than `enough`. */
  countFree(profile: string, now: number, enough: number): number {
    let count = 0;
    for (const id of this.#idle.get(profile) ?? []) {
      if (count >= enough) break;
      const worker = this.#workers.get(id);
      if (worker && isLively(worker, now)) count++;
    }
    return count;
  }

  /** Whether a worker of ours has a job, or one was claimed for it that it does not have yet. */
  isTaken(id: string): boolean {
    const worker = this.#workers.get(id);
    return worker?.phase === 'busy' || (worker?.phase === 'idle' && !this.#idle.get(worker.profile)?.has(id));
  }

  /** The worker that waits for the session's next turn, if it can get it now. */
  heldFor(session: string, now: number): OwnWorker | undefined {
    return this.all().find((worker) => {
      const isAsked = worker.held?.session === session && now < worker.held.until;
      return isAsked && worker.cordoned !== true && isLively(worker, now);
    });
  }

  /** For how long the session for which a worker waits has had it without a pause, in ms. */
  keptMs({ held, kept }: OwnWorker, now: number): number {
    const goesOn = held !== undefined && kept?.session === held.session && now - held.since <= pauseMs;
    return goesOn ? now - kept.since : 0;
  }

  /** A worker is given a turn of a session, or a job of none. To be called before it is busy. */
  give(worker: OwnWorker, session: string | undefined, now: number): void {
    if (session === undefined) delete worker.kept;
    else worker.kept = { session, since: now - this.keptMs(worker, now) };
  }

  /** A worker that has ended a turn waits for the session's next one, which is granted to `grant`. */
  hold(id: string, held: HeldFor, grant?: string): void {
    const worker = this.#workers.get(id);
    if (worker?.phase !== 'busy') return;
    worker.held = held;
    worker.kept ??= held;
    if (grant !== undefined) worker.grant = grant;
  }

  /** Records a report of a worker; true if it had been silent for so long that it could get no job. */
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

  /** Time since the start of starting workers, in ms. */
  starting(now: number): readonly number[] {
    return this.all().flatMap(({ phase, startedAt }) => (phase === 'starting' ? [now - startedAt] : []));
  }

  /** Removes a worker from the free ones. */
  engage(id: string, phase: WorkerPhase, now: number): void {
    const worker = this.#workers.get(id);
    if (!worker) return;
    this.unlist(id);
    worker.phase = phase;
    delete worker.held;
    if (phase === 'draining') worker.drainingSince ??= now;
    if (phase === 'busy') this.#engagedAt.set(worker.profile, now);
  }

  remove(id: string): void {
    this.unlist(id);
    this.#workers.delete(id);
  }

  /**
   * To be called whenever Redis has answered: no heartbeat times out for the time in which we could not receive them.
   */
  awake(now: number): void {
    const nap = now - this.#awakeAt;
    this.#awakeAt = now;
    if (nap > napMs) this.#hearing.excuse(now);
  }

  /** No worker counts as silent for the time before `now`: used for workers that we take over. */
  excuse(now: number): void {
    this.#hearing.excuse(now);
  }

  /** What a worker's silence means. A starting worker does not report yet. */
  silence(worker: OwnWorker, now: number): Silence {
    return worker.phase === 'starting' ? 'none' : this.#hearing.of(worker, now);
  }

  /** Whether a worker that was told to leave has not done so in time. */
  late(worker: OwnWorker, now: number): boolean {
    if (worker.phase !== 'draining' || worker.drainingSince === undefined) return false;
    const by = worker.leaveBy ?? worker.drainingSince + this.ownDrainMs;
    return now > by + drainGraceMs;
  }

  /** Takes a worker from the free ones. */
  unlist(id: string): void {
    this.#idle.get(this.#workers.get(id)?.profile ?? '')?.delete(id);
  }
}
