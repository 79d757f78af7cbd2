import {
  rightsOf,
  type Clock,
  type ContainerRuntime,
  type JobRecord,
  type ModelRights,
  type Profile,
} from '@remuda/domain';
import {
  Forgetting,
  Halts,
  Leases,
  ProfileQueue,
  Queues,
  RedisPoolBook,
  Relay,
  Sweeps,
  WorkerAccess,
  WorkerRegistry,
  RedisDoors,
  countDeadLetters,
  defaultRetention,
  release,
  type RedisConnection,
  type Retention,
  redisKeys,
  type RedisKeys,
} from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Registry } from 'prom-client';
import { BridgeDoors } from './workers/bridge-doors.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { Fleet } from './workers/fleet.js';
import { HaltWatch } from './pools/halt-watch.js';
import { Holdings } from './attempts/holdings.js';
import { Images } from './profiles/images.js';
import { Losses, lost } from './attempts/losses.js';
import { SchedulerMetrics } from './metrics.js';
import { Ownership } from './workers/ownership.js';
import { PoolKeeper } from './pools/pool-keeper.js';
import { ScriptGuard } from './script-guard.js';
import { StrandedClaims } from './attempts/stranded-claims.js';
import { Sweeper } from './sweeper.js';
import { every, type Ticker } from './ticker.js';
import type { WorkerSurroundings } from './workers/worker-environment.js';
import { WorkerReports } from './workers/worker-reports.js';
import { Wishes } from './workers/wishes.js';

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
  /** Names what is installed: workers made by another release are stale. */
  readonly release: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}

/** How often the pools are looked over, leases renewed, and late things swept up, in ms. */
const beat = { pools: 500, leases: 1_000, sweeps: 1_000, locks: 15_000, scripts: 300, images: 30_000 } as const;

/** The pools are looked over no oftener than this, in ms, whatever happens. */
const poolGapMs = 50;

/** Decides which worker gets which job, and how many workers there are. Several may run side by side. */
export class Scheduler {
  readonly #redis: RedisConnection;
  readonly #listening: RedisConnection;
  /** Its own, so that nothing stands before its looks. */
  readonly #guarding: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #queues: Queues;
  readonly #queueOf: ReadonlyMap<string, ProfileQueue>;
  readonly #pools: RedisPoolBook;
  readonly #access: WorkerAccess | undefined;
  readonly #fleet: Fleet;
  readonly #halts: HaltWatch;
  readonly #holdings: Holdings;
  readonly #dispatcher: Dispatcher;
  readonly #losses: Losses;
  readonly #ownership: Ownership;
  readonly #keeper: PoolKeeper;
  readonly #sweeper: Sweeper;
  readonly #relay: Relay;
  #tickers: { readonly pools: Ticker; readonly leases: Ticker; readonly others: readonly Ticker[] } | undefined;
  #unwatch: (() => Promise<void>) | undefined;
  /** Names the engine whose containers we see; known from `start` on. */
  #engine = '';
  /** Whether Redis may have forgotten our workers' accounts. */
  #accountsDue = false;
  #accounts = Promise.resolve();

  constructor(private readonly plan: SchedulerPlan) {
    const { id: scheduler, clock, log, profiles, runtime, surroundings, release } = plan;
    this.#redis = plan.connect('scheduler');
    this.#listening = plan.connect('scheduler-wake');
    this.#guarding = plan.connect('scheduler-guard');
    this.#keys = redisKeys(plan.namespace);
    this.#queues = new Queues(this.#redis, this.#keys);
    this.#queueOf = new Map(profiles.map(({ name }) => [name, new ProfileQueue(this.#queues, name, scheduler)]));
    this.#pools = new RedisPoolBook(this.#redis, this.#keys);
    this.#access = plan.acl ? new WorkerAccess(this.#redis, this.#keys) : undefined;
    const queues = this.#queues;
    const fleet = new Fleet(surroundings.drainMs);
    this.#fleet = fleet;
    const access = this.#access;
    const registry = new WorkerRegistry(queues, scheduler);
    const leases = new Leases(queues, clock);
    const metrics = new SchedulerMetrics(
      plan.registry,
      () => this.#pools.pools(),
      () => countDeadLetters(this.#redis, this.#keys),
    );
    const relay = (): Relay => this.#relay;
    const engine = (): string => this.#engine;
    const wake = (profile: string): void => this.#dispatcher.wake(profile);
    const lookOver = (): void => this.#tickers?.pools.poke();
    const { suspendAfter } = plan;
    const halts = new HaltWatch({
      halts: new Halts(this.#redis, this.#keys),
      suspendAfter,
      clock,
      log,
      onLifted: wake,
    });
    this.#halts = halts;
    const holdings = new Holdings(leases, (profile) => this.#queueOf.get(profile), halts, clock, metrics, log);
    this.#holdings = holdings;
    const accounts = (): Promise<void> => this.#accounts;
    const profileOf = new Map(profiles.map((profile) => [profile.name, profile]));
    const rights = ({ spec }: JobRecord): ModelRights => {
      const profile = profileOf.get(spec.profile);
      return profile ? rightsOf(profile, spec) : { models: [], serverTools: [] };
    };
    this.#dispatcher = new Dispatcher(
      {
        ...{ scheduler, accounts, fleet, holdings, halts, leases, rightsOf: rights, clock, metrics, log },
        profileOf: (name) => profileOf.get(name),
        onElsewhere: (worker) => this.#ownership.disown(worker),
      },
      this.#queueOf,
    );
    const wishes = new Wishes({ fleet, registry, clock, metrics, log, onFree: wake, onLess: lookOver });
    this.#losses = new Losses({
      ...{ fleet, holdings, registry, access, runtime, engine, relay, metrics, clock, log },
      onGone: (profile) => {
        lookOver();
        wake(profile);
      },
      onFailedStart: (profile, reason) => this.#keeper.noteFailedStart(profile, reason),
      onElsewhere: (worker) => this.#ownership.disown(worker),
    });
    const losses = this.#losses;
    const parts = { fleet, holdings, registry, clock, log };
    this.#ownership = new Ownership({
      ...{ ...parts, scheduler, leases, losses, wishes, relay, runtime, engine, onTaken: wake },
    });
    const socketDir = plan.bridgeSocketDir;
    const doors = new RedisDoors(this.#redis, this.#keys);
    this.#keeper = new PoolKeeper(
      {
        doors: socketDir === undefined ? undefined : new BridgeDoors({ doors, socketDir, clock }),
        ...{
          scheduler,
          runtime,
          engine,
          registry,
          access,
          queues,
          fleet,
          halts,
          wishes,
          surroundings,
          release,
          clock,
          metrics,
          log,
        },
        follow: (worker) => this.#relay.follow(worker),
        lose: (worker, failure) => losses.lose(worker, failure),
      },
      profiles,
      this.#queueOf,
    );
    const sweeps = new Sweeps(queues);
    const forgetting = new Forgetting(this.#redis, this.#keys, plan.retention ?? defaultRetention);
    const stranded = new StrandedClaims({ leases, sweeps, queues: [...this.#queueOf.values()], clock, log });
    this.#sweeper = new Sweeper({
      ...{ scheduler, queues, sweeps, leases, forgetting },
      access,
      stranded,
      profiles,
      clock,
    });
    const reports = new WorkerReports({
      ...{ ...parts, metrics },
      onReady: (profile, tookMs) => this.#keeper.noteReady(profile, tookMs),
      recycleOf: (profile) => profiles.find(({ name }) => name === profile)?.recycle ?? {},
      onOutgrown: (worker) => wishes.drain(worker, clock.now(), 'memory'),
      onFree: wake,
      onLeaving: lookOver,
      onAstray: (worker) => void losses.lose(worker, lost('it does not have the job that it was given')),
      onElsewhere: (worker) => this.#ownership.disown(worker),
    });
    this.#relay = new Relay(() => plan.connect('scheduler-relay'), this.#redis, this.#keys, reports);
  }

  /** Begins: takes over what another scheduler left, then keeps pools and queues going. */
  async start(): Promise<void> {
    const { runtime, profiles, log } = this.plan;
    const suspend = (profile: string, reason: string): Promise<void> => this.#halts.onImageAbsent(profile, reason);
    const images = new Images({ runtime, profiles, suspend, log });
    await images.provide();
    this.#engine = await runtime.engineName();
    for (const queue of this.#queueOf.values()) await queue.ready();
    await this.#sweeper.publish();
    for (const queue of this.#queueOf.values()) await queue.start();
    this.#unwatch = await runtime.watch((exit) => void this.#losses.onExit(exit));
    this.#redis.on('ready', () => {
      this.#accountsDue = true;
      this.#accounts = this.#restoreAccess();
    });
    await this.#halts.look();
    await this.#listening.subscribe(this.#keys.wake);
    await this.#listening.subscribe(this.#keys.steer);
    this.#listening.on('message', (channel: string, message: string) =>
      channel === this.#keys.steer ? this.#onSteer() : this.#onWake(message),
    );
    const guard = new ScriptGuard(this.#guarding, log);
    this.#tickers = {
      pools: every(beat.pools, 'keeping the pools', () => this.#keepPools(), log, poolGapMs),
      leases: every(beat.leases, 'keeping the leases', () => this.#ownership.keep(), log),
      others: [
        every(beat.sweeps, 'sweeping', () => this.#sweeper.sweep(), log),
        every(beat.locks, 'renewing the locks', () => this.#holdings.renew(), log),
        every(beat.scripts, 'looking for blocking scripts', () => guard.look(), log),
        every(beat.images, 'looking for missing images', () => images.look(), log),
      ],
    };
  }

  /** Rejects while Redis does not answer. */
  async check(): Promise<void> {
    await this.#redis.ping();
  }

  /** Ends: claims nothing more, and leaves the workers to another scheduler, or removes them. */
  async stop(): Promise<void> {
    this.#dispatcher.stop();
    const { pools, leases, others = [] } = this.#tickers ?? {};
    for (const ticker of [pools, leases, ...others]) await ticker?.stop();
    await this.#unwatch?.();
    await (this.plan.workersOnExit === 'remove' ? this.#removeWorkers() : this.#handOver());
    await this.#relay.close();
    await Promise.all([...this.#queueOf.values()].map((queue) => queue.close()));
    await this.#pools.close();
    await this.#queues.close();
    await this.plan.runtime.close();
    this.#listening.disconnect();
    this.#guarding.disconnect();
    this.#redis.disconnect();
  }

  #onWake(message: string): void {
    // Without a profile: a scheduler has left, and its workers can be taken over.
    if (message === '') this.#tickers?.leases.poke();
    const [profile = '', jobs = '1'] = message.split(' ');
    if (!this.#fleet.hasFree(profile)) this.#tickers?.pools.poke();
    this.#dispatcher.wake(profile, Number(jobs));
  }

  /** An operator wants something of a pool or a worker. */
  #onSteer(): void {
    this.#tickers?.leases.poke();
    this.#tickers?.pools.poke();
  }

  async #keepPools(): Promise<void> {
    await this.#restoreAccess();
    try {
      await this.#keeper.keep();
    } finally {
      // Also where a container can't be removed: the jobs that wait are no worse for it.
      this.#dispatcher.wakeAll((profile) => this.#keeper.backlogOf(profile));
    }
  }

  /** Redis forgets accounts when it restarts, and a new master never had them: ours are made again, before any job is given. */
  async #restoreAccess(): Promise<void> {
    if (!this.#accountsDue) return;
    try {
      await this.#access?.restore(this.#fleet.all().map((worker) => worker.id));
      this.#accountsDue = false;
    } catch (error) {
      this.plan.log.warn({ err: error }, "the workers' accounts could not be restored yet");
    }
  }

  async #handOver(): Promise<void> {
    const { id, profiles } = this.plan;
    await this.#ownership.handOver();
    const leaders = profiles.map(({ name }) => this.#keys.poolLeader(name));
    await release(this.#redis, [...leaders, this.#keys.sweeper], id);
    await this.#redis.publish(this.#keys.wake, '');
  }

  async #removeWorkers(): Promise<void> {
    const stopped = lost('the cluster was stopped');
    await Promise.all(this.#fleet.all().map((worker) => this.#losses.lose(worker.id, stopped)));
  }
}
