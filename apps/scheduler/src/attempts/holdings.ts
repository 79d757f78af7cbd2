import {
  emptyResult,
  isHeld,
  isOver,
  type Clock,
  type Ended,
  type Failure,
  type JobRecord,
  type JobResult,
  type Outcome,
  type CursorMove,
  type Ending,
  type HeldLease,
  type LeaseStore,
  type Settled,
} from '@remuda/domain';
import type { HeldJob, ProfileQueue } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import { cancelled, endingOf, endingOfFailure } from './ending.js';
import type { Places } from './places.js';
import type { HaltWatch } from '../pools/halt-watch.js';
import type { SchedulerMetrics } from '../metrics.js';
import { outsideGraceMs, overdueFailure } from './overdue.js';
import { mayBeLimit, withLimit } from './usage-limit.js';

/** A job that one of our workers carries out, and that we hold in its queue meanwhile. */
export interface Holding {
  readonly held: HeldJob;
  readonly job: JobRecord;
  readonly worker: string;
  readonly lease: number;
  /** Name of its bridge grant; unknown after a takeover. */
  readonly grant?: string;
  /** Deadline of the attempt, by the monotonic clock in ms. */
  readonly deadline: number;
}

const unknownJob: Failure = { code: 'internal', message: 'There is no record of this job.' };

/**
 * The jobs that this scheduler holds. The first of these ends a job: outcome, deadline, cancel, or the worker's loss.
 */
export class Holdings {
  readonly #byJob = new Map<string, Holding>();
  /** The same by worker, each with one at a time. */
  readonly #byWorker = new Map<string, Holding>();

  constructor(
    private readonly leases: LeaseStore,
    private readonly queueOf: (profile: string) => ProfileQueue,
    private readonly places: Places,
    private readonly halts: HaltWatch,
    private readonly clock: Clock,
    private readonly metrics: SchedulerMetrics,
    private readonly log: Logger,
  ) {}

  /** When a requested cancel became known here, by the monotonic clock in ms. */
  #cancels: ReadonlyMap<string, number> = new Map();

  hold(holding: Holding): void {
    const before = this.#byJob.get(holding.job.id);
    if (before) this.#forget(before);
    this.#byJob.set(holding.job.id, holding);
    this.#byWorker.set(holding.worker, holding);
  }

  all(): readonly Holding[] {
    return [...this.#byJob.values()];
  }

  of(worker: string): Holding | undefined {
    return this.#byWorker.get(worker);
  }

  /** Releases it without ending it: another scheduler holds it now. */
  letGo(worker: string): void {
    const holding = this.of(worker);
    if (holding) this.#forget(holding);
  }

  /** Records a worker's outcome. */
  async onOutcome(held: HeldLease, outcome: Outcome, cursor: CursorMove): Promise<Settled['kind']> {
    const known = this.#byJob.get(held.job)?.job;
    // Whether a failure is retried depends on requests made in the meantime.
    const job = outcome.kind === 'succeeded' && known ? known : (await this.leases.read(held.job))?.job;
    if (!job) return (await this.leases.settle(held, { state: 'failed', failure: unknownJob }, cursor)).kind;
    return this.#settle(job, held, endingOf(job, await this.#believed(job, outcome), this.clock.now()), cursor);
  }

  /** A worker's outcome, corrected by what the bridge knows better. */
  async #believed({ id }: JobRecord, outcome: Outcome): Promise<Outcome> {
    if (outcome.kind !== 'failed') return outcome;
    const resetAt = mayBeLimit(outcome.failure.code) ? await this.leases.limitResetAt(id) : undefined;
    return { ...outcome, failure: withLimit(outcome.failure, resetAt) };
  }

  /** Ends the attempt of a worker that can no longer report, with its last text, and the proof that it is gone. */
  async onFailure(worker: string, failure: Failure, ended?: Ended): Promise<void> {
    const holding = this.of(worker);
    if (!holding) return;
    const job = (await this.leases.read(holding.job.id))?.job ?? holding.job;
    const lastText = await this.leases.lastText(job);
    const result = resultOf(lastText, ended);
    const ending =
      job.cancelRequestedAt === undefined ? endingOfFailure(job, failure, this.clock.now(), result) : cancelled(result);
    const last = { ...(lastText === '' ? {} : { lastText }), ...(ended ? { ended } : {}) };
    await this.#settle(job, { job: job.id, worker, lease: holding.lease, last }, ending);
  }

  /** Renews the claims. */
  async renew(): Promise<void> {
    const profiles = new Set(this.all().map((holding) => holding.job.spec.profile));
    for (const profile of profiles) {
      const held = this.all().filter((holding) => holding.job.spec.profile === profile);
      await this.queueOf(profile).renew(held.map((holding) => holding.held));
    }
  }

  /**
   * Workers whose attempt should have ended and has not: by its deadline, or after a cancel. One read, however many
   * there are. `now` is of the monotonic clock: a cancel is overdue when it has been known here for too long, whatever
   * the time was where it was requested.
   */
  async overdue(now: number): Promise<readonly { readonly worker: string; readonly failure: Failure }[]> {
    if (this.#byJob.size === 0) return [];
    const asked = await this.leases.cancelled();
    this.#cancels = new Map(asked.map((job) => [job, this.#cancels.get(job) ?? now]));
    const cancels = new Set(asked.filter((job) => now - (this.#cancels.get(job) ?? now) > outsideGraceMs));
    return this.all().flatMap((holding) => {
      const failure = overdueFailure(holding, cancels, now);
      return failure ? [{ worker: holding.worker, failure }] : [];
    });
  }

  async #settle(job: JobRecord, lease: HeldLease, ending: Ending, cursor?: CursorMove): Promise<Settled['kind']> {
    const holding = this.#byJob.get(job.id);
    const grant = holding?.lease === lease.lease && holding.grant !== undefined ? { grant: holding.grant } : {};
    const settled = await this.leases.settle({ ...lease, ...grant }, ending, cursor);
    if (settled.kind === 'cancelled') return this.#settle(job, lease, cancelled(), cursor);
    if (settled.kind === 'elsewhere') return settled.kind;
    const ours = holding?.lease === lease.lease && holding.worker === lease.worker;
    if (holding && (ours || settled.kind === 'settled')) this.#forget(holding);
    if (settled.kind === 'fenced') {
      this.metrics.refused.inc({ reason: 'fenced' });
      if (ours) await this.#followRecord(holding);
      return settled.kind;
    }
    this.metrics.settled(job, ending, this.clock.now(), settled.firstTokenAt);
    this.log.debug(
      { job: job.id, worker: lease.worker, state: ending.state, failure: ending.failure?.code },
      'attempt ended',
    );
    if (holding) await this.places.follow(holding.held, job.spec.profile, ending);
    await this.halts.onEnding(job.spec.profile, ending);
    return 'settled';
  }

  #forget({ job, worker }: Holding): void {
    this.#byJob.delete(job.id);
    if (this.#byWorker.get(worker)?.job.id === job.id) this.#byWorker.delete(worker);
  }

  /**
   * It was already ended under our lease, by another scheduler or by us, if the answer was lost: its place may lag
   * behind.
   */
  async #followRecord(holding: Holding): Promise<void> {
    const job = (await this.leases.read(holding.job.id))?.job;
    if (!job || isHeld(job.state)) return;
    const queue = this.queueOf(job.spec.profile);
    if (isOver(job.state)) await queue.finish(holding.held, job.failure);
    else if (job.wakeAt === undefined) await queue.giveBack(holding.held);
    else await queue.park(holding.held, job.wakeAt);
  }
}

/** The partial result of an attempt that could not report one. */
function resultOf(text: string, ended: Ended | undefined): JobResult | undefined {
  if (text === '' && !ended) return undefined;
  return { ...emptyResult(), text, ...(ended ? { ended } : {}) };
}
