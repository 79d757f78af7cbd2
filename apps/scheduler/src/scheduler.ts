import type { Clock, ContainerRuntime, PoolRecord, Profile, Recycle } from '@remuda/domain';
import {
  Forgetting,
  Halts,
  Leadership,
  Leases,
  ProfileQueue,
  Queues,
  RedisClock,
  RedisWorkerListeners,
  RedisPoolStore,
  Relay,
  ScriptGuard,
  Sweeps,
  Wakes,
  WorkerAccess,
  WorkerRegistry,
  countDeadLetters,
  defaultRetention,
  redisKeys,
  settleFormat,
  type RedisConnection,
  type Retention,
} from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Registry } from 'prom-client';
import { Holdings } from './attempts/holdings.js';
import { lost } from './attempts/lost.js';
import { Losses } from './attempts/losses.js';
import { OrphanedClaims } from './attempts/orphaned-claims.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import type { Identity } from './identity.js';
import { SchedulerMetrics } from './metrics.js';
import { HaltWatch } from './pools/halt-watch.js';
import { PoolKeeper } from './pools/pool-keeper.js';
import { Images } from './profiles/images.js';
import { Signals } from './signals.js';
import { Sweeper } from './sweeper.js';
import { every, type Ticker } from './ticker.js';
import { Accounts } from './workers/accounts.js';
import { BridgeListeners } from './workers/bridge-listeners.js';
import { Enrolment } from './workers/enrolment.js';
import { Fleet } from './workers/fleet.js';
import { OtherReleases } from './workers/other-releases.js';
import { Ownership } from './workers/ownership.js';
import { OperatorOrders } from './workers/operator-orders.js';
import type { WorkerSurroundings } from './workers/worker-environment.js';
import { WorkerReports } from './workers/worker-reports.js';

/** What a scheduler is made of. */
export interface SchedulerPlan {
  /** Names this scheduler among others: `^[a-z0-9-]{1,63}$`. */
  readonly id: string;
  /** Opens a connection that waits while Redis is away. */
  readonly connect: (name: string) => RedisConnection;
  readonly namespace: string;
  readonly profiles: readonly Profile[];
  readonly runtime: ContainerRuntime;
  readonly surroundings: WorkerSurroundings;
  /** Folder of the sockets of the bridge that our workers use: theirs are awaited before they start. Absent: they use no bridge. */
  readonly bridgeSocketDir?: string;
  /** Whether each worker gets an account of its own at Redis. */
  readonly acl: boolean;
  readonly workersOnExit: 'keep' | 'remove';
  /** How long jobs that are over are kept. Default `defaultRetention`. */
  readonly retention?: Retention;
  /** Starts in a row that have to fail for a profile to be suspended; 0 for never. */
  readonly suspendAfter: number;
  /** This machine's own. */
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}

/**
 * How often the pools are looked over, workers kept, late things swept up, and it is looked whether images were replaced, in ms. To look
 * for missing ones takes longer, since they are pulled.
 */
const beat = {
  ...{ pools: 500, workers: 1_000, sweeps: 1_000, locks: 15_000, scripts: 300 },
  ...{ releases: 5_000, images: 30_000 },
} as const;

/** The pools are looked over no oftener than this, in ms, whatever happens. */
const poolGapMs = 50;

/** What is done again and again. */
interface Tickers {
  readonly pools: Ticker;
  readonly workers: Ticker;
  readonly others: readonly Ticker[];
}

/** Decides which worker gets which job, and how many workers there are. Several may run side by side. */
export class Scheduler {
  readonly #redis: RedisConnection;
  readonly #queues: Queues;
  readonly #queueOf: ReadonlyMap<string, ProfileQueue>;
  /** Queues of profiles that are no more, of whose jobs our workers have some. */
  readonly #pastQueues = new Map<string, ProfileQueue>();
  readonly #identity: Identity;
  readonly #wakes: Wakes;
  readonly #leadership: Leadership;
  readonly #pools: RedisPoolStore;
  readonly #fleet: Fleet;
  readonly #accounts: Accounts;
  readonly #halts: HaltWatch;
  readonly #images: Images;
  readonly #holdings: Holdings;
  readonly #relay: Relay;
  readonly #losses: Losses;
  readonly #ownership: Ownership;
  readonly #keeper: PoolKeeper;
  readonly #dispatcher: Dispatcher;
  readonly #sweeper: Sweeper;
  readonly #guard: ScriptGuard;
  /** Points in time that other parts of the cluster compare are of Redis' clock. */
  readonly #clock: RedisClock;
  #tickers: Tickers | undefined;
  #unwatch: (() => Promise<void>) | undefined;
  #unmeasure: (() => void) | undefined;

  constructor(private readonly plan: SchedulerPlan) {
    const { id: scheduler, log, profiles, runtime, surroundings } = plan;
    const redis = plan.connect('scheduler');
    const clock = new RedisClock(redis, plan.clock);
    const keys = redisKeys(plan.namespace);
    const queues = new Queues(redis, keys);
    const queueOf = new Map(profiles.map(({ name }) => [name, new ProfileQueue(queues, name, scheduler)]));
    const profileOf = new Map(profiles.map((profile) => [profile.name, profile]));
    const access = plan.acl ? new WorkerAccess(redis, keys) : undefined;
    const leases = new Leases(queues, clock);
    const sweeps = new Sweeps(queues);
    const pools = new RedisPoolStore(redis, keys);
    const leadership = new Leadership(queues, scheduler);
    const registry = new WorkerRegistry(queues, scheduler);
    const identity: Identity = { scheduler, engine: '' };
    const signals = new Signals();
    const fleet = new Fleet(surroundings.drainMs);
    const metrics = new SchedulerMetrics(
      plan.registry,
      () => pools.pools(),
      () => countDeadLetters(redis, keys),
    );

    const common = { identity, signals, fleet, clock, metrics, log };
    const accounts = new Accounts({ access, fleet, log });
    const halts = new HaltWatch({
      ...common,
      halts: new Halts(redis, keys),
      suspendAfter: plan.suspendAfter,
    });
    const holdings = new Holdings(leases, (profile) => this.#queueFor(profile), halts, clock, metrics, log);
    const orders = new OperatorOrders({ ...common, registry });
    const recycleOf = (profile: string): Partial<Recycle> => profileOf.get(profile)?.recycle ?? {};
    const others = new OtherReleases({ ...common, orders });
    const reports = new WorkerReports({ ...common, holdings, registry, orders, others, recycleOf });
    const relay = new Relay(() => plan.connect('scheduler-relay'), redis, keys, reports, clock);
    const losses = new Losses({ ...common, holdings, registry, access, runtime, relay });
    const ownership = new Ownership({ ...common, holdings, registry, leases, losses, orders, relay, runtime });
    const images = new Images({ runtime, profiles, suspend: (...why) => halts.onImageAbsent(...why), log });
    const { bridgeSocketDir: socketDir } = plan;
    const listeners =
      socketDir && new BridgeListeners({ listeners: new RedisWorkerListeners(redis, keys), socketDir, clock });
    const forEnrolment = { registry, access, relay, listeners: listeners || undefined, images, surroundings };
    const enrolment = new Enrolment({ ...common, ...forEnrolment });
    const forKeeper = { leadership, registry, queues, halts, orders, enrolment, losses, runtime, images };
    const keeper = new PoolKeeper({ ...common, ...forKeeper }, profiles, queueOf);
    const forDispatch = { holdings, halts, accounts, leases, profileOf: (name: string) => profileOf.get(name) };
    const dispatcher = new Dispatcher({ ...common, ...forDispatch }, queueOf);
    const orphaned = new OrphanedClaims({ leases, sweeps, queues: [...queueOf.values()], clock, log });
    const forgetting = new Forgetting(redis, keys, plan.retention ?? defaultRetention);

    signals.connect({
      work: (profile, jobs) => void dispatcher.wake(profile, jobs),
      poolChanged: () => this.#tickers?.pools.poke(),
      disowned: (worker) => {
        ownership.disown(worker);
      },
      lost: (worker, failure) => void losses.lose(worker, failure),
      ready: (profile, tookMs) => keeper.noteReady(profile, tookMs),
      startFailed: (profile, reason) => keeper.noteFailedStart(profile, reason),
    });

    this.#redis = redis;
    this.#clock = clock;
    this.#queues = queues;
    this.#queueOf = queueOf;
    this.#identity = identity;
    this.#wakes = new Wakes(redis, plan.connect('scheduler-wake'), keys);
    this.#leadership = leadership;
    this.#pools = pools;
    this.#fleet = fleet;
    this.#accounts = accounts;
    this.#halts = halts;
    this.#images = images;
    this.#holdings = holdings;
    this.#relay = relay;
    this.#losses = losses;
    this.#ownership = ownership;
    this.#keeper = keeper;
    this.#dispatcher = dispatcher;
    this.#sweeper = new Sweeper({ leadership, queues, sweeps, leases, forgetting, orphaned, profiles, clock });
    // A connection of its own, so that nothing stands before its looks.
    this.#guard = new ScriptGuard(plan.connect('scheduler-guard'), log);
  }

  /** Begins: takes over what another scheduler left, then keeps pools and queues going. */
  async start(): Promise<void> {
    const { runtime } = this.plan;
    await settleFormat(this.#redis, this.#queues.keys);
    await this.#clock.measure();
    this.#unmeasure = this.#clock.keepMeasured();
    await this.#images.provide();
    this.#identity.engine = await runtime.engineName();
    for (const queue of this.#queueOf.values()) await queue.ready();
    await this.#sweeper.publish();
    for (const queue of this.#queueOf.values()) await queue.start();
    this.#unwatch = await runtime.watch((exit) => void this.#losses.onExit(exit));
    this.#redis.onUp(() => {
      this.#accounts.onConnected();
    });
    await this.#halts.look();
    await this.#wakes.follow({
      onJobs: (profile, jobs) => {
        this.#keeper.noteArrivals(profile, jobs);
        if (!this.#dispatcher.wake(profile, jobs)) this.#tickers?.pools.poke();
      },
      onSchedulerLeft: () => this.#tickers?.workers.poke(),
      onOrder: () => {
        this.#tickers?.workers.poke();
        this.#tickers?.pools.poke();
      },
    });
    this.#tickers = this.#tick();
  }

  #tick(): Tickers {
    const { log } = this.plan;
    return {
      pools: every(beat.pools, 'keeping the pools', () => this.#keepPools(), log, poolGapMs),
      workers: every(beat.workers, 'keeping the workers', () => this.#keepWorkers(), log),
      others: [
        every(beat.sweeps, 'sweeping', () => this.#sweeper.sweep(), log),
        every(beat.locks, 'renewing the locks', () => this.#holdings.renew(), log),
        every(beat.scripts, 'looking for blocking scripts', () => this.#guard.look(), log),
        every(beat.releases, 'looking whether images were replaced', () => this.#images.follow(), log),
        every(beat.images, 'looking for missing images', () => this.#images.look(), log),
      ],
    };
  }

  /** All pools, also of other schedulers. Rejects with `redis.unavailable` while Redis does not answer. */
  pools(): Promise<readonly PoolRecord[]> {
    return this.#pools.pools();
  }

  /** Rejects while Redis does not answer. */
  async check(): Promise<void> {
    await this.#redis.ping();
  }

  /** Ends: claims nothing more, and leaves the workers to another scheduler, or removes them. */
  async stop(): Promise<void> {
    this.#dispatcher.stop();
    const { pools, workers, others = [] } = this.#tickers ?? {};
    for (const ticker of [pools, workers, ...others]) await ticker?.stop();
    await this.#unwatch?.();
    this.#unmeasure?.();
    await (this.plan.workersOnExit === 'remove' ? this.#removeWorkers() : this.#handOver());
    await this.#relay.close();
    await Promise.all([...this.#queueOf.values(), ...this.#pastQueues.values()].map((queue) => queue.close()));
    await this.#pools.close();
    await this.#queues.close();
    await this.plan.runtime.close();
    this.#wakes.close();
    this.#guard.close();
    this.#redis.close();
  }

  async #keepWorkers(): Promise<void> {
    await this.#clock.settled();
    await this.#ownership.keep();
  }

  /** The queue of a profile, also of one that is no more: a job that runs is held in it, and may go back to it. */
  #queueFor(profile: string): ProfileQueue {
    const known = this.#queueOf.get(profile) ?? this.#pastQueues.get(profile);
    if (known) return known;
    const past = new ProfileQueue(this.#queues, profile, this.plan.id);
    this.#pastQueues.set(profile, past);
    return past;
  }

  async #keepPools(): Promise<void> {
    await this.#accounts.restore();
    try {
      await this.#keeper.keep();
    } finally {
      // Also where a container can't be removed: the jobs that wait are no worse for it.
      this.#dispatcher.wakeAll((profile) => this.#keeper.backlogOf(profile));
    }
  }

  async #handOver(): Promise<void> {
    await this.#ownership.handOver();
    await this.#leadership.release(this.plan.profiles.map(({ name }) => name));
    await this.#wakes.sayLeft();
  }

  async #removeWorkers(): Promise<void> {
    const stopped = lost('the cluster was stopped');
    await Promise.all(this.#fleet.all().map((worker) => this.#losses.lose(worker.id, stopped)));
  }
}
