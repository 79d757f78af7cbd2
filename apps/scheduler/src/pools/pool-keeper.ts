import {
  RemudaError,
  isOutgrown,
  planPool,
  startsHeldMs,
  waitsOf,
  type Clock,
  type ContainerRuntime,
  type PoolAction,
  type PoolWait,
  type Profile,
  type RecycleReason,
  type SeenContainer,
  type SeenPool,
  type SeenWorker,
  type WarmTarget,
  type WorkerRecord,
} from '@remuda/domain';
import {
  isFull,
  isOutage,
  publishStarts,
  type Leadership,
  type ProfileQueue,
  type Queues,
  type WorkerRegistry,
} from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import { newWorkerId, type Enrolment } from '../workers/access/enrolment.js';
import type { Fleet } from '../workers/fleet.js';
import type { HaltWatch } from './halt-watch.js';
import type { Losses } from '../attempts/losses.js';
import { drained, lost } from '../attempts/lost.js';
import type { Identity } from '../identity.js';
import type { SchedulerMetrics } from '../metrics.js';
import type { Images } from '../profiles/images.js';
import { fingerprint } from '../profiles/profiles-file.js';
import { gapAfter } from './gap.js';
import { isReplaced, isStale, type ImageNow } from './stale.js';
import type { Spares } from './spares.js';
import { Starts } from './starts.js';
import { Targets } from './targets.js';
import type { OperatorOrders } from '../workers/operator-orders.js';

/** A job's first request is sent within this time, in ms: 20 to 60 ms from the claim, more on a busy machine. */
const calmMs = 400;

/** A worker whose last turn is over for longer, in ms, and that is not idle, waits for the next one: emptying it takes less. */
const certainlyHeldMs = 2_000;

/** For so long a turn may go on that has begun at a worker which was to leave, in ms. */
const turnLimitMs = 3_600_000;

/** Dependencies of the pool keeper. */
export interface PoolKeeperParts {
  readonly identity: Identity;
  readonly leadership: Leadership;
  readonly runtime: ContainerRuntime;
  readonly enrolment: Enrolment;
  readonly losses: Losses;
  readonly registry: WorkerRegistry;
  readonly queues: Queues;
  readonly fleet: Fleet;
  readonly halts: HaltWatch;
  readonly orders: OperatorOrders;
  readonly images: Images;
  readonly spares: Pick<Spares, 'of'>;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
}

/** Keeps each profile's pool at its target: observe, plan, act. Only one of several schedulers leads a pool. */
export class PoolKeeper {
  /** The profiles by name, each with its fingerprint. */
  readonly #made: ReadonlyMap<string, { readonly image: string; readonly fingerprint: string }>;
  readonly #backlogs = new Map<string, number>();
  readonly #starts = new Starts();
  readonly #targets: Targets;
  /** Number of all workers at the last update. */
  #seen = 0;
  /** Workers whose start was given up. */
  readonly #givenUp = new Set<string>();

  constructor(
    private readonly parts: PoolKeeperParts,
    private readonly profiles: readonly Profile[],
    private readonly queueOf: ReadonlyMap<string, ProfileQueue>,
  ) {
    this.#targets = new Targets(profiles, parts.clock);
    this.#made = new Map(
      profiles.map((profile) => [profile.name, { image: profile.image, fingerprint: fingerprint(profile) }]),
    );
  }

  /** Minimum time until the pools are updated again, in ms. */
  gapMs(): number {
    return gapAfter(this.#seen);
  }

  /** Updates every pool that we lead. */
  async keep(): Promise<void> {
    const { registry, runtime, fleet, clock, halts } = this.parts;
    const [led] = await Promise.all([this.#led(), halts.look()]);
    await this.#dismissUnplanned(led);
    await this.#endLateStarts();
    if (led.length === 0) return;
    // What was observed before we took the lead may be outdated: until then another scheduler has acted.
    const [workers, containers] = await Promise.all([registry.all(), runtime.list()]);
    this.#seen = workers.length;
    fleet.awake(clock.monotonic());
    // Concurrently: a pool does not wait for another one's containers.
    const kept = await Promise.allSettled(
      led.map(async (profile) => {
        const theirs = workers.filter((worker) => worker.profile === profile.name);
        const made = containers.filter((container) => container.profile === profile.name);
        await this.#keepPool(profile, theirs, made);
      }),
    );
    const failed = kept.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** The workers' machine has so many cores; undefined if they may run on several. */
  onMachine(cores: number | undefined): void {
    this.#starts.onMachine(cores);
  }

  /** Jobs that waited at the pool's last update; 0 for a pool that another scheduler leads. */
  backlogOf(profile: string): number {
    return this.#backlogs.get(profile) ?? 0;
  }

  /** A container ended, or was not created, before its worker was ready. */
  async noteFailedStart(profile: string, reason: string): Promise<void> {
    this.#starts.noteFailed(profile, this.parts.clock.monotonic(), reason);
    await this.parts.halts.onContainerFailed(profile, reason);
  }

  /** A worker became ready, this many ms after its start: earlier faults are over. */
  async noteReady(profile: string, tookMs: number): Promise<void> {
    this.#starts.noteReady(profile, tookMs);
    this.#targets.noteReady(profile, tookMs);
    await this.parts.halts.onWorkerReady(profile);
  }

  /** About this many jobs arrived for a profile. */
  noteArrivals(profile: string, jobs: number): void {
    this.#targets.noteArrivals(profile, jobs);
  }

  /** Profiles whose pools we lead. */
  async #led(): Promise<readonly Profile[]> {
    const ours = await this.parts.leadership.pools(this.profiles.map(({ name }) => name));
    return this.profiles.filter(({ name }) => ours.has(name));
  }

  async #keepPool(
    profile: Profile,
    workers: readonly WorkerRecord[],
    containers: readonly SeenContainer[],
  ): Promise<void> {
    const known = new Set(workers.map((worker) => worker.id));
    const orphans = containers.flatMap(({ worker }) => (known.has(worker) ? [] : [worker]));
    const seen = await this.#see(profile, workers, orphans);
    const demand = this.#targets.of(profile);
    await this.#publish(profile, seen, { demand, waits: waitsOf(containers) });
    const startLimitMs = this.#starts.pace.limitMs;
    const target = { ...profile.pool, ...(demand && { warm: demand.warm }) };
    const aim = { target, recycle: profile.recycle, startLimitMs, calmMs, enrol: profile.enrol };
    const startable = this.#starts.startable(this.#startingNow().length);
    const actions = planPool({ ...seen, startable }, aim);
    const count = actions.reduce((sum, action) => sum + (action.kind === 'start' ? action.count : 0), 0);
    await this.#starts.reserved(count, async () => {
      for (const action of actions) await this.#act(profile, action);
    });
  }

  /** Publishes how the pool's workers start and what they wait for, how many are kept warm, and their spare. */
  async #publish(
    { name }: Profile,
    seen: SeenPool,
    { demand, waits }: { readonly demand: WarmTarget | undefined; readonly waits: readonly PoolWait[] },
  ): Promise<void> {
    const { queues, spares } = this.parts;
    const { connection, keys } = queues;
    const heldMs = Math.round(startsHeldMs(seen));
    const failure = this.#starts.failedOf(name)?.reason;
    const spare = spares.of(name);
    await publishStarts(connection, keys, name, {
      ...{ ...this.#starts.pace, failed: seen.failedStarts, heldMs },
      ...(failure === undefined ? {} : { failure }),
      ...(waits.length === 0 ? {} : { waits }),
      ...(demand ? { demand } : {}),
      ...(spare ? { spare } : {}),
    });
  }

  /** Time since the start of our starting workers, in ms. */
  #startingNow(): readonly number[] {
    return this.parts.fleet.starting(this.parts.clock.monotonic());
  }

  /** Gives up starts that take too long, once the timeout has grown to its maximum. */
  async #endLateStarts(): Promise<void> {
    const { fleet, clock } = this.parts;
    this.#starts.look(this.#startingNow());
    const now = clock.monotonic();
    for (const { id, phase, startedAt } of fleet.all())
      if (phase === 'starting' && now - startedAt > this.#starts.pace.limitMs) await this.#giveUp(id);
  }

  /** Gives up a start; it counts as failed once. */
  async #giveUp(id: string): Promise<void> {
    const worker = this.parts.fleet.get(id);
    if (worker?.phase !== 'starting' || this.#givenUp.has(id)) return;
    this.#givenUp.add(id);
    try {
      await this.noteFailedStart(worker.profile, 'its worker was not ready in time');
      await this.parts.losses.lose(id, lost('was not ready in time'));
    } finally {
      this.#givenUp.delete(id);
    }
  }

  async #see(profile: Profile, workers: readonly WorkerRecord[], orphans: readonly string[]): Promise<SeenPool> {
    const { fleet, halts, clock } = this.parts;
    const [now, tick] = [clock.now(), clock.monotonic()];
    const made = this.#made.get(profile.name);
    const backlog = (await this.queueOf.get(profile.name)?.backlog()) ?? 0;
    this.#backlogs.set(profile.name, backlog);
    const failures = this.#starts.failedOf(profile.name);
    const heldMs = await this.#heldOf(workers, backlog - Math.max(0, profile.pool.max - workers.length));
    return {
      workers: workers.map((worker) => {
        const own = fleet.get(worker.id);
        return {
          id: worker.id,
          phase: own?.phase ?? worker.phase,
          // A start that takes too long is ended by its owner: another scheduler could only start more of them.
          ageMs: own ? tick - own.startedAt : Math.min(passed(worker.startedAt, now), this.#limitOf(worker)),
          stale: isStale(worker, { ...this.#imageOf(profile), fingerprint: made?.fingerprint }),
          lost: own !== undefined && fleet.late(own, tick),
          ...(worker.idleSince === undefined ? {} : { idleMs: passed(worker.idleSince, now) }),
          ...(worker.cordoned === true ? { cordoned: true } : {}),
          ...heldMs(worker),
          outgrown: isOutgrown(worker, profile.recycle),
        };
      }),
      orphans,
      backlog,
      halted: halts.holdsStarts(profile.name),
      drained: halts.drainedBy(profile.name) !== undefined,
      failedStarts: failures?.count ?? 0,
      ...(failures ? { sinceFailedStartMs: tick - failures.at } : {}),
      sinceAssignedMs: tick - fleet.engagedAt(profile.name),
    };
  }

  /**
   * For how long workers have waited for the next turns of their sessions. Their owner knows it; of those of others, and those that it has
   * taken over, the records tell, which are asked only while more jobs wait than the pool has room for.
   */
  async #heldOf(
    workers: readonly WorkerRecord[],
    short: number,
  ): Promise<(worker: WorkerRecord) => Pick<SeenWorker, 'heldMs'>> {
    const { fleet, registry, clock } = this.parts;
    const others = workers.filter(({ id }) => fleet.get(id)?.held === undefined);
    const waiting = short > 0 ? await registry.waiting(others) : new Map<string, number>();
    return ({ id }) => {
      const held = fleet.get(id)?.held;
      if (held) return { heldMs: clock.monotonic() - held.since };
      const since = waiting.get(id);
      const heldMs = since === undefined ? 0 : passed(since, clock.now());
      return heldMs > certainlyHeldMs ? { heldMs } : {};
    };
  }

  #imageOf({ image }: Pick<Profile, 'image'>): ImageNow {
    const { images, identity } = this.parts;
    return { release: images.releaseOf(image), engine: identity.engine };
  }

  async #act(profile: Profile, action: PoolAction): Promise<void> {
    const { runtime, fleet, losses, log } = this.parts;
    switch (action.kind) {
      case 'start':
        await Promise.all(Array.from({ length: action.count }, () => this.#start(profile)));
        return;
      case 'drain':
        await this.#drain(action.worker, action.reason, this.parts.halts.drainedBy(profile.name));
        return;
      case 'lose': {
        const worker = fleet.get(action.worker);
        if (worker?.phase === 'starting') await this.#giveUp(action.worker);
        else if (worker) await losses.lose(action.worker, drained());
        return;
      }
      case 'reap':
        log.warn({ container: action.container }, 'reaping a container that belongs to no known worker');
        await runtime.stop(action.container, 0);
    }
  }

  /** Lets a worker leave: now, since it's idle, or when its job has ended, but by then (epoch ms). Another scheduler's one hears it there. */
  async #drain(worker: string, reason: RecycleReason, drainBy?: number): Promise<void> {
    const { fleet, registry, orders, clock } = this.parts;
    // Of one that waits elsewhere the next turn may just have begun: it is not interrupted.
    const mayBusy = reason === 'held' && fleet.get(worker)?.held === undefined;
    const by = drainBy ?? clock.now() + (mayBusy ? turnLimitMs : 0);
    await (fleet.get(worker) ? orders.drain(worker, by, reason) : registry.askDrain(worker, by));
  }

  /** A worker of another pool's scheduler is as old as it says, but its start its owner ends: another one could only start more of them. */
  #limitOf({ phase }: WorkerRecord): number {
    return phase === 'starting' ? this.#starts.pace.limitMs : Infinity;
  }

  async #start(profile: Profile): Promise<void> {
    const { runtime, enrolment, metrics, log } = this.parts;
    const id = newWorkerId(profile.name);
    const made = this.#made.get(profile.name)?.fingerprint ?? '';
    try {
      const env = await enrolment.enrol(id, profile, made);
      if (!env) return;
      const { image, resources, network, cache, kubernetes: pod } = profile;
      const spec = { worker: id, profile: profile.name, image, resources, network, env, fingerprint: made };
      await runtime.start({ ...spec, ...(cache === undefined ? {} : { cache }), ...(pod ? { pod } : {}) });
      metrics.starts.inc({ profile: profile.name, outcome: 'started' });
    } catch (error) {
      metrics.starts.inc({ profile: profile.name, outcome: 'failed' });
      const reason = error instanceof RemudaError ? error.message : String(error);
      log.error({ err: error, profile: profile.name, worker: id }, `a worker could not be started: ${reason}`);
      await this.parts.losses.lose(id, lost(reason));
      // Else Redis had no time for us, or there is no bridge: it was not the container that failed.
      if (!isOutage(error) && !isFull(error) && !isBridgeAway(error)) await this.noteFailedStart(profile.name, reason);
    }
  }

  /** Our workers without a job that no plan of ours covers: their profile was removed, or its leader is on another engine. */
  async #dismissUnplanned(led: readonly Profile[]): Promise<void> {
    const planned = new Set(led.map(({ name }) => name));
    for (const worker of this.parts.fleet.all()) {
      if ((worker.phase !== 'idle' && !worker.held) || planned.has(worker.profile)) continue;
      const made = this.#made.get(worker.profile);
      if (!made || isReplaced(worker, this.#imageOf(made))) await this.#drain(worker.id, 'stale');
    }
  }
}

function isBridgeAway(error: unknown): boolean {
  return error instanceof RemudaError && error.code === 'bridge.unavailable';
}

/** Time since a recorded time in ms: as accurate as both clocks, and never negative. */
const passed = (at: number, now: number): number => Math.max(0, now - at);
