import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type {
  Clock,
  ContainerExit,
  ContainerRuntime,
  ContainerSpec,
  Engine,
  JobSpec,
  Profile,
  SecretVault,
  SeenContainer,
  TenantRules,
} from '@remuda/domain';
import { RemudaError } from '@remuda/domain';
import { workerEnv, type WorkerProfile } from '@remuda/protocol';
import {
  RedisDeadLetters,
  RedisEventLog,
  RedisJobStore,
  RedisPoolStore,
  RedisPoolControls,
  RedisWorkerLine,
  type Retention,
  redisKeys,
} from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import type { Registry } from 'prom-client';
import {
  SecretBox,
  createLogger,
  createRegistry,
  makeWorkerKey,
  openDesk,
  readSecretKeys,
  systemClock,
  type LogLevel,
} from '@remuda/runtime';
import { Scheduler } from '../../../apps/scheduler/src/scheduler.js';
import { defaultProfile } from '../../../apps/scheduler/src/profiles/profiles.js';
import { startServiceWork } from './service-work.js';
import type { SnapshotKeeper } from '../../../apps/worker/src/keepers.port.js';
import { Worker } from '../../../apps/worker/src/worker.js';

const secretBox = new SecretBox(readSecretKeys(randomBytes(32).toString('base64')));
const noVault: SecretVault = { find: async () => undefined };

/** So long a worker may take to leave that is told to, in ms. */
const killAfterMs = 2_000;

/** What an in-process cluster is made of. */
export interface InProcessOptions {
  readonly redisUrl: string;
  readonly namespace?: string;
  readonly profile?: Partial<Profile>;
  /** Secrets that jobs can name. Default: none. */
  readonly vault?: SecretVault;
  readonly schedulers?: number;
  /** Weights and limits of tenants. Default: none. */
  readonly tenants?: TenantRules;
  readonly engine: () => Engine;
  readonly logLevel?: LogLevel;
  readonly suspendAfter?: number;
  /** Images that can't be had, for so long as they stand in here. */
  readonly absentImages?: ReadonlySet<string>;
  /** How long jobs that are over are kept; with it the service work is done. Default: 7 days, and no service work. */
  readonly retention?: Retention;
  /** What the name of an image stands for. Default: always the same. */
  readonly releaseOf?: (image: string) => Promise<string>;
  /** Told of each connection of a worker: may have it say something else. */
  readonly onConnection?: (worker: string, connection: RawConnection) => void;
  /** What the workers take the time from. Default: the machine's own. */
  readonly workerClock?: Clock;
  /** Where a scheduler's connection of this name goes to. Default: `redisUrl`. */
  readonly redisUrlOf?: (connection: string) => string;
  /** What the schedulers take the time from, by their ids. Default: the machine's own. */
  readonly schedulerClock?: (id: string) => Clock;
  /** By what the workers restore the state of sessions. Default: not at all. */
  readonly snapshots?: SnapshotKeeper;
  /** Folder of the sockets of a bridge, by whose listener the workers reach Redis. Default: they do so by themselves. */
  readonly bridgeDir?: string;
  /** What the schedulers see their containers by. Default: workers in this very process. */
  readonly kubernetes?: ContainerRuntime;
  /** Where pods enrol. */
  readonly enrol?: { readonly host: string; readonly port: number };
}

/** Workers in this very process, with whatever engine a test gives them: schedulers, queue and relay are the real ones. */
export class InProcessRuntime implements ContainerRuntime {
  readonly kind = 'process';
  readonly isolated = false;
  readonly reachesRedis = 'directly';
  readonly workerSocketDir = '/nonexistent';
  readonly #workers = new Map<
    string,
    { readonly spec: ContainerSpec; readonly worker: Worker; readonly line: RedisWorkerLine }
  >();
  readonly #watchers = new Set<(exit: ContainerExit) => void>();
  readonly #frozen = new Set<string>();
  /** Comes before each removal of a container: may hold it up, or make it fail. */
  beforeStop: (worker: string) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly engine: () => Engine,
    private readonly absentImages: ReadonlySet<string> = new Set(),
    private readonly clock: Clock = systemClock,
    private readonly name = 'in-process',
    private readonly nameRelease: (image: string) => Promise<string> = () => Promise.resolve('first'),
    private readonly onConnection?: InProcessOptions['onConnection'],
    private readonly snapshots?: SnapshotKeeper,
  ) {}

  async engineName(): Promise<string> {
    return this.name;
  }

  async prepare(images: readonly string[]): Promise<void> {
    const absent = images.find((image) => this.absentImages.has(image));
    if (absent !== undefined) throw new RemudaError('container.start_failed', `There is no image ${absent}.`);
  }

  async releaseOf(image: string): Promise<string> {
    await this.prepare([image]);
    return this.nameRelease(image);
  }

  async start(spec: ContainerSpec): Promise<void> {
    await this.prepare([spec.image]);
    const { env } = spec;
    const profile = JSON.parse(env[workerEnv.profile] ?? '{}') as WorkerProfile;
    const connect = (): RawConnection => {
      const connection = connectRaw(env[workerEnv.redisUrl] ?? '', { name: spec.worker });
      this.onConnection?.(spec.worker, connection);
      return connection;
    };
    const line = new RedisWorkerLine(connect, redisKeys(env[workerEnv.namespace] ?? ''), spec.worker);
    const worker = new Worker({
      line,
      engine: this.engine(),
      workspace: {
        prepare: async () => undefined,
        collect: async () => ({ warnings: [] }),
        clear: async () => undefined,
      },
      ...(this.snapshots ? { snapshots: this.snapshots } : {}),
      afterJobs: profile.afterJobs,
      drainMs: 10_000,
      clock: this.clock,
      key: makeWorkerKey(),
      log: createLogger({ name: 'worker', level: 'silent' }),
    });
    this.#workers.set(spec.worker, { spec, worker, line });
    void worker.run().then(() => {
      this.#end(spec.worker, 'left');
    });
  }

  /** Ends a worker without a word, as a crash would. */
  async crash(worker: string): Promise<void> {
    await this.#workers.get(worker)?.line.close();
    this.#end(worker, 'crashed');
  }

  /** Nothing is heard of a worker any more, as of one that is stopped by a signal or whose container is paused. */
  async freeze(worker: string): Promise<void> {
    this.#frozen.add(worker);
    await this.#workers.get(worker)?.line.close();
  }

  async stop(worker: string): Promise<void> {
    await this.beforeStop(worker);
    const found = this.#workers.get(worker);
    this.#workers.delete(worker);
    // One whose account is gone by now can't say its last word, and would wait to for ever: SIGKILL would end that.
    if (!this.#frozen.has(worker))
      await Promise.race([found?.worker.leave(), setTimeout(killAfterMs, undefined, { ref: false })]);
  }

  async list(): Promise<readonly SeenContainer[]> {
    return [...this.#workers.values()].map(({ spec: { worker, profile, fingerprint } }) => ({
      worker,
      profile,
      fingerprint,
      running: true,
    }));
  }

  async watch(onExit: (exit: ContainerExit) => void): Promise<() => Promise<void>> {
    this.#watchers.add(onExit);
    return async () => {
      this.#watchers.delete(onExit);
    };
  }

  async close(): Promise<void> {
    // Workers go on.
  }

  #end(worker: string, reason: string): void {
    if (!this.#workers.delete(worker)) return;
    for (const watcher of this.#watchers) watcher({ worker, reason, outOfMemory: false, lastLines: [] });
  }
}

/** What `startInProcessCluster` gives. */
export type Cluster = Awaited<ReturnType<typeof startInProcessCluster>>;

/** Brings schedulers and workers up in this process. */
export async function startInProcessCluster(options: InProcessOptions) {
  const namespace = options.namespace ?? `t-${randomUUID().slice(0, 8)}`;
  const runtime = new InProcessRuntime(
    options.engine,
    options.absentImages,
    options.workerClock,
    undefined,
    options.releaseOf,
    options.onConnection,
    options.snapshots,
  );
  const profile = { ...defaultProfile('default', { image: 'none', warm: 2, max: 2 }), ...options.profile };
  const connect = (name: string) => connectRaw(options.redisUrl, { name });
  const connections = new Map<Scheduler, RawConnection[]>();
  const registries: Registry[] = [];
  /** `on` is the engine on which its workers are; another one than the others' is as good as another machine. */
  const makeScheduler = (
    id: string,
    on: ContainerRuntime = options.kubernetes ?? runtime,
    profiles: readonly Profile[] = [profile],
  ): Scheduler => {
    const own: RawConnection[] = [];
    const registry = createRegistry(id);
    registries.push(registry);
    const scheduler = new Scheduler({
      id,
      connect: (name) => {
        const connection = connectRaw(options.redisUrlOf?.(name) ?? options.redisUrl, { name });
        own.push(connection);
        return connection;
      },
      namespace,
      profiles,
      runtime: on,
      surroundings: {
        reachesRedis: options.bridgeDir === undefined ? 'directly' : 'by-bridge',
        namespace,
        redisUrl: options.redisUrl,
        socketDir: options.bridgeDir,
        logLevel: 'silent',
        drainMs: 10_000,
      },
      suspendAfter: options.suspendAfter ?? 3,
      ...(options.enrol ? { enrol: options.enrol } : {}),
      ...(options.tenants ? { tenants: options.tenants } : {}),
      ...(options.retention ? { retention: options.retention } : {}),
      acl: true,
      secrets: openDesk({ seal: secretBox, vault: options.vault ?? noVault }),
      workersOnExit: 'keep',
      clock: options.schedulerClock?.(id) ?? systemClock,
      registry,
      log: createLogger({ name: id, level: options.logLevel ?? 'silent' }),
    });
    connections.set(scheduler, own);
    return scheduler;
  };
  /** Ends a scheduler as SIGKILL would: it can say nothing any more. */
  const kill = (scheduler: Scheduler): void => {
    for (const connection of connections.get(scheduler) ?? []) connection.disconnect();
    alive.delete(scheduler);
    void scheduler.stop().catch(() => undefined);
  };
  const schedulers = Array.from({ length: options.schedulers ?? 1 }, (_, i) => makeScheduler(`s-${String(i)}`));
  const alive = new Set(schedulers);
  for (const scheduler of schedulers) await scheduler.start();
  const service = options.retention && (await startServiceWork({ redisUrl: options.redisUrl, namespace }));
  const redis = connect('client');
  const keys = redisKeys(namespace);
  const store = new RedisJobStore(redis, keys, systemClock, undefined, secretBox);
  const events = new RedisEventLog(() => connect('events'), keys, systemClock);
  const pools = new RedisPoolStore(redis, keys);
  const controls = new RedisPoolControls(redis, keys, systemClock);
  const deadLetters = new RedisDeadLetters(redis, keys, systemClock);
  return {
    ...{
      namespace,
      runtime,
      schedulers,
      profile,
      alive,
      makeScheduler,
      kill,
      redis,
      keys,
      store,
      events,
      pools,
      controls,
      deadLetters,
    },
    figures: async () => (await Promise.all(registries.map((registry) => registry.metrics()))).join('\n'),
    stop: async () => {
      await service?.close();
      await Promise.all([...alive].map((scheduler) => scheduler.stop()));
      for (const seen of await runtime.list()) await runtime.stop(seen.worker);
      await Promise.all([events.close(), store.close(), pools.close(), deadLetters.close()]);
      redis.disconnect();
    },
  };
}

/** A job's spec with everything at its default. */
export function specOf(spec: Partial<JobSpec> = {}): JobSpec {
  return {
    prompt: 'hello',
    profile: 'default',
    workspace: { kind: 'empty' },
    priority: 5,
    timeoutMs: 60_000,
    attempts: 3,
    deltas: false,
    labels: {},
    metadata: {},
    ...spec,
  };
}
