import { randomBytes } from 'node:crypto';
import {
  RemudaError,
  isOutgrown,
  planPool,
  type Clock,
  type ContainerRuntime,
  type PoolAction,
  type Profile,
  type RecycleReason,
  type SeenPool,
  type WorkerRecord,
} from '@remuda/domain';
import {
  isFull,
  isOutage,
  own,
  type ProfileQueue,
  type Queues,
  type WorkerAccess,
  type WorkerRegistry,
} from '@remuda/queue';
import type { Logger } from '@remuda/runtime';
import type { BridgeDoors } from './bridge-doors.js';
import { startLimitMs, type Fleet } from './fleet.js';
import type { HaltWatch } from './halt-watch.js';
import type { SchedulerMetrics } from './metrics.js';
import { fingerprint } from './profiles-file.js';
import type { Wishes } from './wishes.js';
import { bridgeOf, workerEnvironment, type WorkerSurroundings } from './worker-environment.js';

/** A job's first request is on its way within this time, in ms: 20 to 60 ms from the claim, more on a busy machine. */
const calmMs = 400;

/** What the keeper of the pools works with. */
export interface PoolKeeperParts {
  readonly scheduler: string;
  readonly runtime: ContainerRuntime;
  /** Names the engine whose containers the runtime sees. */
  readonly engine: () => string;
  readonly registry: WorkerRegistry;
  readonly access: WorkerAccess | undefined;
  /** Absent where workers use no bridge. */
  readonly doors: BridgeDoors | undefined;
  readonly queues: Queues;
  readonly fleet: Fleet;
  readonly halts: HaltWatch;
  readonly wishes: Wishes;
  readonly surroundings: WorkerSurroundings;
  readonly release: string;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
  /** Begins to listen to a worker, before it can say anything. */
  readonly follow: (worker: string) => Promise<void>;
  /** Takes a worker out of everything, and ends what it held. */
  readonly lose: (worker: string, reason: string) => Promise<void>;
}

/** Keeps each profile's pool at its target: sees, plans, acts. Of several schedulers one at a time leads a pool. */
export class PoolKeeper {
  /** What a worker of each profile is made from, in short. */
  readonly #made: ReadonlyMap<string, string>;
  readonly #backlogs = new Map<string, number>();
  readonly #failures = new Map<string, { count: number; at: number }>();

  constructor(
    private readonly parts: PoolKeeperParts,
    private readonly profiles: readonly Profile[],
    private readonly queueOf: ReadonlyMap<string, ProfileQueue>,
  ) {
    this.#made = new Map(profiles.map((profile) => [profile.name, fingerprint(profile, parts.release)]));
  }

  /** Goes over every pool that we lead. */
  async keep(): Promise<void> {
    const { registry, runtime, fleet, clock, halts } = this.parts;
    const [led] = await Promise.all([this.#led(), halts.look()]);
    await this.#dismissUnknown();
    if (led.length === 0) return;
    // What was seen before we had the lead may be out of date: until then another one has acted.
    const [workers, containers] = await Promise.all([registry.all(), runtime.list()]);
    fleet.awake(clock.monotonic());
    const known = new Set(workers.map((worker) => worker.id));
    const strays = containers.filter((container) => !known.has(container.worker));
    // Side by side: a pool does not wait for the containers of another one.
    const kept = await Promise.allSettled(
      led.map(async (profile) => {
        const theirs = workers.filter((worker) => worker.profile === profile.name);
        const stray = strays.filter((container) => container.profile === profile.name);
        await this.#keepPool(
          profile,
          theirs,
          stray.map((container) => container.worker),
        );
      }),
    );
    const failed = kept.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Jobs that waited when the pool was last looked over; 0 for a pool that another scheduler leads. */
  backlogOf(profile: string): number {
    return this.#backlogs.get(profile) ?? 0;
  }

  /** A container ended, or did not come to be, before its worker was ready. */
  async noteFailedStart(profile: string, reason: string): Promise<void> {
    const count = (this.#failures.get(profile)?.count ?? 0) + 1;
    this.#failures.set(profile, { count, at: this.parts.clock.now() });
    await this.parts.halts.onContainerFailed(profile, reason);
  }

  /** A worker became ready: whatever was wrong is over. */
  async noteReady(profile: string): Promise<void> {
    this.#failures.delete(profile);
    await this.parts.halts.onWorkerReady(profile);
  }

  /** Profiles whose pools are ours to keep at this moment. */
  async #led(): Promise<readonly Profile[]> {
    const { queues, scheduler } = this.parts;
    const { redis, keys } = queues;
    const leaders = this.profiles.map(({ name }) => keys.poolLeader(name));
    const ours = await own(redis, leaders, scheduler);
    return this.profiles.filter((_, i) => ours[i]);
  }

  async #keepPool(profile: Profile, workers: readonly WorkerRecord[], strays: readonly string[]): Promise<void> {
    const now = this.parts.clock.now();
    const seen = await this.#see(profile, workers, strays, now);
    const aim = { target: profile.pool, recycle: profile.recycle, startLimitMs, calmMs };
    for (const action of planPool(seen, aim, now)) await this.#act(profile, action);
  }

  async #see(
    profile: Profile,
    workers: readonly WorkerRecord[],
    strays: readonly string[],
    now: number,
  ): Promise<SeenPool> {
    const { fleet, halts, clock } = this.parts;
    const made = this.#made.get(profile.name);
    const backlog = (await this.queueOf.get(profile.name)?.backlog(now)) ?? 0;
    this.#backlogs.set(profile.name, backlog);
    const failures = this.#failures.get(profile.name);
    return {
      workers: workers.map((worker) => {
        const own = fleet.get(worker.id);
        return {
          id: worker.id,
          phase: own?.phase ?? worker.phase,
          // Whose start takes too long its owner ends: another one could only start more of them.
          startedAt: own ? worker.startedAt : Math.max(worker.startedAt, now - startLimitMs),
          stale: worker.fingerprint !== made,
          lost: own !== undefined && fleet.late(own, clock.monotonic()) !== undefined,
          ...(worker.idleSince === undefined ? {} : { idleSince: worker.idleSince }),
          ...(worker.cordoned === true ? { cordoned: true } : {}),
          outgrown: isOutgrown(worker, profile.recycle),
        };
      }),
      strays,
      backlog,
      halted: halts.holdsStarts(profile.name),
      drained: halts.drainedBy(profile.name) !== undefined,
      failedStarts: failures?.count ?? 0,
      ...(failures ? { lastFailedStartAt: failures.at } : {}),
      lastAssignedAt: fleet.engagedAt(profile.name),
    };
  }

  async #act(profile: Profile, action: PoolAction): Promise<void> {
    const { runtime, fleet, clock, lose, log } = this.parts;
    switch (action.kind) {
      case 'start':
        await Promise.all(Array.from({ length: action.count }, () => this.#start(profile)));
        return;
      case 'drain':
        await this.#drain(action.worker, action.reason, this.parts.halts.drainedBy(profile.name));
        return;
      case 'lose': {
        const worker = fleet.get(action.worker);
        if (worker?.phase === 'starting') await this.noteFailedStart(profile.name, 'its worker was not ready in time');
        if (worker) await lose(action.worker, fleet.late(worker, clock.monotonic()) ?? 'was not ready in time');
        return;
      }
      case 'reap':
        log.warn({ container: action.container }, 'reaping a container that belongs to no known worker');
        await runtime.stop(action.container, 0);
    }
  }

  /** Lets a worker leave: now, since it's idle, or when its job has ended, but by then (epoch ms). Another scheduler's one hears it there. */
  async #drain(worker: string, reason: RecycleReason, by = this.parts.clock.now()): Promise<void> {
    const { fleet, registry, wishes } = this.parts;
    await (fleet.get(worker) ? wishes.drain(worker, by, reason) : registry.askDrain(worker, by));
  }

  async #start(profile: Profile): Promise<void> {
    const { runtime, engine, registry, access, fleet, clock, metrics, log, surroundings } = this.parts;
    const id = `w-${profile.name.slice(0, 40)}-${randomBytes(4).toString('hex')}`;
    const startedAt = clock.now();
    const made = this.#made.get(profile.name) ?? '';
    try {
      const { afterJobs } = profile.recycle;
      const named = { id, profile: profile.name, engine: engine(), bridge: bridgeOf(surroundings, engine()) };
      if (!(await registry.register({ ...named, fingerprint: made, startedAt, afterJobs }))) return;
      const tick = clock.monotonic();
      fleet.add({ ...named, phase: 'starting', startedAt: tick, readyAt: 0, heardAt: tick });
      const account = await access?.grant(id);
      await this.parts.follow(id);
      await this.parts.doors?.open(id);
      const { image, resources, network } = profile;
      const env = workerEnvironment(id, profile, surroundings, account);
      await runtime.start({ worker: id, profile: profile.name, image, resources, network, env, fingerprint: made });
      metrics.starts.inc({ profile: profile.name, outcome: 'started' });
    } catch (error) {
      metrics.starts.inc({ profile: profile.name, outcome: 'failed' });
      const reason = error instanceof RemudaError ? error.message : String(error);
      log.error({ err: error, profile: profile.name, worker: id }, `a worker can't be started: ${reason}`);
      await this.parts.lose(id, reason);
      // Else Redis had no time for us, or there is no bridge: it was not the container that failed.
      if (!isOutage(error) && !isFull(error) && !isBridgeAway(error)) await this.noteFailedStart(profile.name, reason);
    }
  }

  /** Workers of ours whose profiles are no more. */
  async #dismissUnknown(): Promise<void> {
    for (const { id, profile, phase } of this.parts.fleet.all())
      if (!this.queueOf.has(profile) && phase === 'idle') await this.#drain(id, 'stale');
  }
}

function isBridgeAway(error: unknown): boolean {
  return error instanceof RemudaError && error.code === 'bridge.unavailable';
}
