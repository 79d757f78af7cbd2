import { planAgain, type Clock, type JobRecord, type ModelRights, type Profile } from '@remuda/domain';
import type { FoundJob, HeldJob, Leases, ProfileQueue } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Fleet, OwnWorker } from '../workers/fleet.js';
import type { HaltWatch } from '../pools/halt-watch.js';
import type { Holdings } from '../attempts/holdings.js';
import type { SchedulerMetrics } from '../metrics.js';
import { startOf } from './start-kind.js';

/** A record that is not there so long after its place is not coming any more, in ms. */
const recordLimitMs = 10_000;

/** What the dispatcher works with. */
export interface DispatcherParts {
  /** Names us among the schedulers. */
  readonly scheduler: string;
  readonly fleet: Fleet;
  readonly holdings: Holdings;
  readonly halts: HaltWatch;
  /** Resolves when workers can hear of what they are given, after Redis was away. */
  readonly accounts: () => Promise<void>;
  /** The worker is another scheduler's, or nobody's: we were away for too long. */
  readonly onElsewhere: (worker: string) => void;
  readonly leases: Leases;
  readonly profileOf: (name: string) => Profile | undefined;
  /** What a job may ask of the model's side. */
  readonly rightsOf: (job: JobRecord) => ModelRights;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
}

/**
 * Brings jobs and free workers together: a job is claimed only when a worker was taken for it, so that priority is
 * decided at the last moment and nothing is held that can't run.
 */
export class Dispatcher {
  /** Rises with every sign of new work: a claim that found nothing while it rose tries again. */
  readonly #signs = new Map<string, number>();
  #stopped = false;

  constructor(
    private readonly parts: DispatcherParts,
    private readonly queues: ReadonlyMap<string, ProfileQueue>,
  ) {}

  /** So many jobs may be there to claim, or someone to do them. */
  wake(profile: string, jobs = 1): void {
    this.#signs.set(profile, (this.#signs.get(profile) ?? 0) + 1);
    if (this.#stopped || !this.queues.has(profile) || this.parts.halts.isHalted(profile)) return;
    for (let i = 0; i < jobs; i++) {
      const worker = this.parts.fleet.take(profile, this.parts.clock.monotonic());
      if (!worker) return;
      void this.#serve(worker);
    }
  }

  /** Signs may get lost: now and then the queues are looked at all the same, knowing about how many jobs wait. */
  wakeAll(backlogOf: (profile: string) => number): void {
    for (const profile of this.queues.keys()) this.wake(profile, Math.max(1, backlogOf(profile)));
  }

  /** Claims nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  /** Finds a job for a worker that was taken; without one it goes back among the free. */
  async #serve(worker: OwnWorker): Promise<void> {
    const { fleet, log } = this.parts;
    const { profile } = worker;
    const queue = this.queues.get(profile);
    let engaged = false;
    try {
      await this.parts.accounts();
      for (;;) {
        const signs = this.#signs.get(profile);
        const claimed = this.#mayClaim(profile) ? await queue?.claim() : undefined;
        if (!claimed && signs === this.#signs.get(profile)) break;
        if (!claimed || !queue) continue;
        const { found, ...held } = claimed;
        engaged = await this.#give(queue, held, found, worker);
        if (engaged) break;
      }
    } catch (error) {
      log.warn({ err: error, profile }, 'a claim failed, and will be tried again');
    }
    if (!engaged && worker.phase === 'idle' && fleet.get(worker.id)) fleet.free(worker);
  }

  /** Gives a claimed job to the worker; false when the worker is still free afterwards. */
  async #give(queue: ProfileQueue, held: HeldJob, found: FoundJob | undefined, worker: OwnWorker): Promise<boolean> {
    const { scheduler, leases, clock, rightsOf, profileOf } = this.parts;
    if (!found) {
      await this.#putBackUnknown(queue, held);
      return false;
    }
    if (await this.#putAside(queue, held, found.job)) return false;
    const now = clock.now();
    const again = planAgain(found.job);
    const readyAt = worker.cold === true ? Infinity : worker.readyAt;
    const start = startOf(found.job, { readyAt, profile: profileOf(worker.profile) }, again);
    const { job, prompt } = found;
    const assigned = await leases.assign(
      {
        ...{ held, scheduler, job, prompt, start, ...rightsOf(job) },
        ...(again ? { again } : {}),
        ...takeGrant(worker),
      },
      worker.id,
    );
    // Something has become of it since it was read, so that is decided anew.
    if (assigned.kind === 'state') return this.#give(queue, held, await leases.read(held.id), worker);
    if (assigned.kind !== 'assigned') {
      await queue.giveBack(held);
      return this.#stands(worker, assigned.kind);
    }
    this.#hold(held, { ...job, start }, worker, assigned, now);
    this.parts.metrics.assigned(found.job, start, now);
    return true;
  }

  #mayClaim(profile: string): boolean {
    return !this.#stopped && !this.parts.halts.isHalted(profile);
  }

  /** What an assignment that was refused says of the worker; false where it's free all the same. */
  #stands(worker: OwnWorker, kind: 'worker' | 'cordoned' | 'halted' | 'elsewhere'): boolean {
    const { fleet, halts, clock, onElsewhere } = this.parts;
    if (kind === 'elsewhere') onElsewhere(worker.id);
    if (kind === 'worker') fleet.engage(worker.id, 'draining', clock.monotonic());
    if (kind === 'cordoned') worker.cordoned = true;
    if (kind === 'halted') halts.told(worker.profile);
    return kind !== 'halted';
  }

  /** A place may be there a moment before its record, when Redis had to be told a script anew; later it is a leftover. */
  async #putBackUnknown(queue: ProfileQueue, held: HeldJob): Promise<void> {
    const now = this.parts.clock.now();
    if (now - held.placedAt < recordLimitMs) await queue.park(held, now + 200);
    else await queue.finish(held, { code: 'job.unknown', message: 'There is no record of this job.' });
  }

  /** Deals with a job that is not to be started now: it's over, parked, expired, or already with a worker. */
  async #putAside(queue: ProfileQueue, held: HeldJob, job: JobRecord): Promise<boolean> {
    const { leases, clock, holdings } = this.parts;
    const now = clock.now();
    if (job.state === 'queued' && (job.wakeAt === undefined || job.wakeAt <= now)) return false;
    if (job.state === 'queued') await queue.park(held, job.wakeAt ?? now);
    else if (job.state === 'assigned' || job.state === 'running' || job.state === 'waiting') {
      // Every scheduler was away for longer than the lock: the worker goes on, and the job is held again.
      const holding = holdings.all().find((each) => each.job.id === job.id);
      if (holding) holdings.hold({ ...holding, held });
      else await leases.adoptLock(job.id, held.lock);
    } else await queue.finish(held, job.failure);
    return true;
  }

  #hold(
    held: HeldJob,
    job: JobRecord,
    worker: OwnWorker,
    given: { lease: number; attempt: number; grant: string },
    now: number,
  ): void {
    const { fleet, holdings, clock, log } = this.parts;
    const tick = clock.monotonic();
    fleet.engage(worker.id, 'busy', tick);
    const { lease, attempt, grant } = given;
    const record: JobRecord = {
      ...job,
      state: 'assigned',
      worker: worker.id,
      lease,
      attempt,
      times: { ...job.times, claimedAt: now },
    };
    holdings.hold({ held, job: record, worker: worker.id, lease, grant, deadline: tick + job.spec.timeoutMs });
    log.debug({ job: job.id, worker: worker.id, attempt, waitMs: now - job.times.queuedAt }, 'job assigned');
  }
}

/** The grant that the worker has named for its next job, where it has: no other job gets it. */
function takeGrant(worker: OwnWorker): { readonly grant?: string } {
  const { grant } = worker;
  delete worker.grant;
  return grant === undefined ? {} : { grant };
}
