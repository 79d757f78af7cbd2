import {
  goesAhead,
  planAgain,
  rightsOf,
  shortOf,
  type Clock,
  type FoundJob,
  type JobRecord,
  type LeaseStore,
  type JobRights,
  type Profile,
  type Start,
} from '@remuda/domain';
import type { ClaimedJob, HeldJob, PlacedTurn, ProfileQueue, Relay, WorkerRegistry } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Holdings } from '../attempts/holdings.js';
import type { Identity } from '../identity.js';
import type { SchedulerMetrics } from '../metrics.js';
import type { HaltWatch } from '../pools/halt-watch.js';
import type { Spares } from '../pools/spares.js';
import type { Signals } from '../signals.js';
import type { Accounts } from '../workers/access/accounts.js';
import type { Fleet, OwnWorker } from '../workers/fleet.js';
import { match, type Demand } from './match.js';
import { startOf } from './start-kind.js';

/** A record that is missing this long after its place will not appear any more, in ms. */
const recordLimitMs = 10_000;

/** Maximum number of loops that claim for free workers of a profile at the same time. */
const maxClearing = 16;

/** Dependencies of the dispatcher. */
export interface DispatcherParts {
  readonly identity: Identity;
  readonly fleet: Fleet;
  readonly holdings: Holdings;
  readonly relay: Pick<Relay, 'attend'>;
  readonly halts: HaltWatch;
  readonly accounts: Accounts;
  readonly leases: LeaseStore;
  readonly profileOf: (name: string) => Profile | undefined;
  readonly spares: Pick<Spares, 'noteJob'>;
  readonly registry: Pick<WorkerRegistry, 'all'>;
  readonly signals: Pick<Signals, 'disowned' | 'poolChanged'>;
  /** For how long a session keeps its worker although jobs wait for one, in ms. Default `sessionKeepMs`. */
  readonly sessionKeepMs?: number | undefined;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
}

/** A claimed job, and its time of claim: by Redis' clock, in epoch ms. */
interface Claim {
  readonly held: HeldJob;
  readonly at: number;
}

/** A claimed job, and the worker reserved for it. */
interface Claimed extends Claim {
  readonly found: FoundJob;
  readonly worker: OwnWorker;
}

/**
 * Matches jobs with free workers. A job is claimed only while a worker is free for it, so that priority is decided at
 * the last moment and nothing is held that cannot run; the worker is chosen when the job is known.
 */
export class Dispatcher {
  /** Loops that claim until no job is left, by profile. */
  readonly #clearing = new Map<string, number>();
  /** Incremented with every signal of new work: a claim that found nothing meanwhile is repeated. */
  readonly #signs = new Map<string, number>();
  /** Claims in flight without a worker, by profile: never more than free workers. */
  readonly #claiming = new Map<string, number>();
  #stopped = false;

  constructor(
    private readonly parts: DispatcherParts,
    private readonly queues: ReadonlyMap<string, ProfileQueue>,
  ) {}

  /** About this many jobs may be ready to claim, or workers free; false if fewer workers are free. */
  wake(profile: string, jobs = 1): boolean {
    this.#signs.set(profile, (this.#signs.get(profile) ?? 0) + 1);
    const queue = this.queues.get(profile);
    if (!queue || !this.#mayClaim(profile)) return false;
    const room = this.#room(profile, jobs);
    for (let i = 0; i < room; i++) void this.#serve(queue);
    return jobs <= room;
  }

  /**
   * Workers of a profile may be free: claims go on until no job is left. After an outage thousands of workers say so at
   * once, and those that come while enough claims are under way are served by these.
   */
  onFree(profile: string): void {
    this.#signs.set(profile, (this.#signs.get(profile) ?? 0) + 1);
    const queue = this.queues.get(profile);
    const under = this.#clearing.get(profile) ?? 0;
    if (queue && under < maxClearing && this.#mayClaim(profile)) void this.#clear(queue);
  }

  /**
   * A turn of a session has its place: it goes to the worker that waits for it, whether or not others are free. If its session
   * has kept that worker for long while jobs wait, it queues as they do, and the pool's plan lets the worker leave.
   */
  async onTurn({ profile, job, session }: PlacedTurn): Promise<void> {
    const queue = this.queues.get(profile);
    const holder = this.parts.fleet.heldFor(session, this.parts.clock.monotonic());
    if (!queue || !holder || !this.#mayClaim(profile)) return;
    try {
      if (!(await this.#goesAhead(queue, holder))) {
        this.parts.signals.poolChanged();
        return;
      }
      const claimed = await queue.claimTurn(job);
      const mine = claimed ? await this.#reserve(queue, claimed) : 'none';
      if (typeof mine === 'object') await this.#give(queue, mine);
    } catch (error) {
      this.parts.log.warn({ err: error, profile, job }, 'the claim of a turn failed, and it waits as others do');
    }
  }

  /** Whether the turn for which a worker waits may overtake the jobs that wait already. */
  async #goesAhead(queue: ProfileQueue, holder: OwnWorker): Promise<boolean> {
    const { fleet, registry, profileOf, clock, sessionKeepMs } = this.parts;
    const keptMs = fleet.keptMs(holder, clock.monotonic());
    // Most have not kept theirs for long, and need no look at the pool.
    if (goesAhead({ keptMs, short: Infinity }, sessionKeepMs)) return true;
    const { profile } = queue;
    const [backlog, workers] = await Promise.all([queue.backlog(), registry.all()]);
    // A job that was claimed for one of ours waits no longer, and the worker may still be idle in its record.
    const theirs = workers
      .filter((worker) => worker.profile === profile)
      .map((worker) => (fleet.isTaken(worker.id) ? { ...worker, phase: 'busy' as const } : worker));
    const short = shortOf(theirs, backlog - 1, profileOf(profile)?.pool.max ?? Infinity);
    return goesAhead({ keptMs, short }, sessionKeepMs);
  }

  /** Signals may get lost: the queues are checked periodically anyway, with the approximate number of waiting jobs. */
  wakeAll(backlogOf: (profile: string) => number): void {
    for (const profile of this.queues.keys()) this.wake(profile, Math.max(1, backlogOf(profile)));
  }

  /** Stops claiming. */
  stop(): void {
    this.#stopped = true;
  }

  #free(profile: string): readonly OwnWorker[] {
    return this.parts.fleet.free(profile, this.parts.clock.monotonic());
  }

  /** How many more jobs can be claimed, up to `enough`. */
  #room(profile: string, enough = 1): number {
    const claiming = this.#claiming.get(profile) ?? 0;
    const free = this.parts.fleet.countFree(profile, this.parts.clock.monotonic(), enough + claiming);
    return Math.max(0, free - claiming);
  }

  /** Claims jobs until none is left, or no worker is free any more. */
  async #clear(queue: ProfileQueue): Promise<void> {
    const { profile } = queue;
    const count = (by: number): unknown => this.#clearing.set(profile, (this.#clearing.get(profile) ?? 0) + by);
    count(1);
    try {
      for (let goesOn = true; goesOn;) goesOn = await this.#serve(queue);
    } finally {
      count(-1);
    }
  }

  /** Claims jobs until one is assigned, then true; false if none is left, or no worker is free any more. */
  async #serve(queue: ProfileQueue): Promise<boolean> {
    const { profile } = queue;
    try {
      while (this.#room(profile) > 0) {
        const claimed = await this.#counted(profile, () => this.#claim(queue));
        if (claimed === 'none') break;
        if (claimed !== 'aside' && (await this.#give(queue, claimed))) return true;
      }
    } catch (error) {
      this.parts.log.warn({ err: error, profile }, 'a claim failed, and will be tried again');
    }
    return false;
  }

  async #counted<T>(profile: string, claim: () => Promise<T>): Promise<T> {
    const count = (by: number): unknown => this.#claiming.set(profile, (this.#claiming.get(profile) ?? 0) + by);
    count(1);
    try {
      return await claim();
    } finally {
      count(-1);
    }
  }

  /** Claims a job and reserves a free worker for it. */
  async #claim(queue: ProfileQueue): Promise<Claimed | 'none' | 'aside'> {
    const { accounts } = this.parts;
    const { profile } = queue;
    await accounts.ready();
    const signs = this.#signs.get(profile);
    const claimed = this.#mayClaim(profile) ? await queue.claim() : undefined;
    if (!claimed) return signs === this.#signs.get(profile) ? 'none' : 'aside';
    return this.#reserve(queue, claimed);
  }

  /** Reserves a worker for a claimed job: the one that waits for it, or a free one. */
  async #reserve(queue: ProfileQueue, { found, at, ...held }: ClaimedJob): Promise<Claimed | 'none' | 'aside'> {
    const { fleet } = this.parts;
    const { profile } = queue;
    if (await this.#putAside(queue, { held, at }, found?.job)) return 'aside';
    const worker = found && (this.#holderOf(found.job) ?? match(this.#demandOf(found.job), this.#free(profile)));
    if (worker) {
      fleet.unlist(worker.id);
      return { held, at, found, worker };
    }
    await queue.giveBack(held);
    return 'none';
  }

  /** The worker that waits for this turn of a session. */
  #holderOf(job: JobRecord): OwnWorker | undefined {
    const isNext = job.session !== undefined && planAgain(job)?.kind === 'continue';
    return isNext ? this.parts.fleet.heldFor(job.session, this.parts.clock.monotonic()) : undefined;
  }

  #demandOf(job: JobRecord): Demand {
    const profile = this.parts.profileOf(job.spec.profile);
    const { secrets, namedSecrets } = job.spec;
    return {
      usesWarmth: startOf(job, { readyAt: -Infinity, profile }, planAgain(job)).kind === 'warm',
      hasSecrets: [secrets, namedSecrets, profile?.secrets].some((names) => names !== undefined && names.length > 0),
    };
  }

  /** Assigns a claimed job to the worker reserved for it; false if no worker gets it. */
  async #give(queue: ProfileQueue, { found, worker, ...claim }: Claimed): Promise<boolean> {
    const { fleet } = this.parts;
    let given = false;
    try {
      given = await this.#assign(queue, claim, found, worker);
    } finally {
      if (!given && worker.phase === 'idle' && fleet.get(worker.id) === worker) fleet.list(worker);
    }
    return given;
  }

  /** Assigns a job to the worker reserved for it; false if that is not possible. */
  async #assign(queue: ProfileQueue, claim: Claim, { job, prompt }: FoundJob, worker: OwnWorker): Promise<boolean> {
    const { identity, leases, profileOf, spares, metrics } = this.parts;
    const { held } = claim;
    const again = planAgain(job);
    const profile = profileOf(queue.profile);
    const isHeld = worker.held !== undefined;
    const start: Start = isHeld
      ? { kind: 'warm' }
      : startOf(job, { readyAt: worker.cold === true ? Infinity : worker.readyAt, profile }, again);
    const rights = profile ? rightsOf(profile, job.spec) : noRights;
    const { scheduler } = identity;
    const assignment = {
      ...{ held, scheduler, job, prompt, start, ...rights },
      ...(again ? { again } : {}),
      ...(worker.key === undefined ? {} : { workerKey: worker.key }),
      ...(profile?.secrets ? { profileSecrets: profile.secrets } : {}),
      ...takeGrant(worker),
    };
    const assigned = await leases.assign(assignment, worker.id);
    if (assigned.kind === 'state') {
      // It has changed since it was read, so the decision is repeated.
      const found = await leases.read(held.id);
      if (await this.#putAside(queue, claim, found?.job)) return false;
      return found ? this.#assign(queue, claim, found, worker) : false;
    }
    if (assigned.kind !== 'assigned') {
      await queue.giveBack(held);
      this.#onRefused(worker, assigned.kind);
      return false;
    }
    this.#hold(claim, { ...job, start }, worker, assigned);
    metrics.assigned(job, start, claim.at);
    spares.noteJob(job, isHeld || start.kind === 'resumed');
    return true;
  }

  #mayClaim(profile: string): boolean {
    return !this.#stopped && !this.parts.halts.isHalted(profile);
  }

  /** Updates the worker's state from a refused assignment; a tenant's limit says nothing about the worker. */
  #onRefused(worker: OwnWorker, kind: 'worker' | 'cordoned' | 'halted' | 'elsewhere' | 'limited'): void {
    const { fleet, halts, clock, signals } = this.parts;
    if (kind === 'elsewhere') signals.disowned(worker.id);
    if (kind === 'worker' && worker.held) delete worker.held;
    else if (kind === 'worker') fleet.engage(worker.id, 'draining', clock.monotonic());
    if (kind === 'cordoned') worker.cordoned = true;
    if (kind === 'halted') halts.told(worker.profile);
  }

  /** A place may exist a moment before its record, if Redis had to load a script; later it is a leftover. */
  async #putBackUnknown(queue: ProfileQueue, { held, at }: Claim): Promise<void> {
    if (at - held.placedAt < recordLimitMs) await queue.park(held, at + 200);
    else await queue.finish(held, { code: 'job.unknown', message: 'There is no record of this job.' });
  }

  /** Handles a job that must not start now: it is unknown, over, parked, expired, or already with a worker. */
  async #putAside(queue: ProfileQueue, claim: Claim, job: JobRecord | undefined): Promise<boolean> {
    const { leases, holdings } = this.parts;
    const { held, at } = claim;
    if (!job) {
      await this.#putBackUnknown(queue, claim);
      return true;
    }
    if (job.state === 'queued' && (job.wakeAt === undefined || job.wakeAt <= at)) return false;
    if (job.state === 'queued') await queue.park(held, job.wakeAt ?? at);
    else if (job.state === 'assigned' || job.state === 'running' || job.state === 'waiting') {
      // All schedulers were down for longer than the lock: the worker continues, and the job is held again.
      const holding = holdings.all().find((each) => each.job.id === job.id);
      if (holding) holdings.hold({ ...holding, held });
      else await leases.adoptLock(job.id, held.lock);
    } else await queue.finish(held, job.failure);
    return true;
  }

  #hold(
    { held, at }: Claim,
    job: JobRecord,
    worker: OwnWorker,
    given: { lease: number; attempt: number; grant: string },
  ): void {
    const { fleet, holdings, relay, clock, log } = this.parts;
    const tick = clock.monotonic();
    fleet.give(worker, job.session, tick);
    fleet.engage(worker.id, 'busy', tick);
    relay.attend(worker.id);
    const { lease, attempt, grant } = given;
    const record: JobRecord = {
      ...job,
      state: 'assigned',
      worker: worker.id,
      lease,
      attempt,
      times: { ...job.times, claimedAt: at },
    };
    holdings.hold({ held, job: record, worker: worker.id, lease, grant, deadline: tick + job.spec.timeoutMs });
    log.debug({ job: job.id, worker: worker.id, attempt, waitMs: at - job.times.queuedAt }, 'job assigned');
  }
}

const noRights: JobRights = { models: [], serverTools: [], egress: [] };

/** The grant that the worker chose for its next job, if any: no other job gets it. */
function takeGrant(worker: OwnWorker): { readonly grant?: string } {
  const { grant } = worker;
  delete worker.grant;
  return grant === undefined ? {} : { grant };
}
