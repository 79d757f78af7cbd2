import { Registry } from 'prom-client';
import { sessionKeepMs, type Clock, type ContainerSpec, type Profile, type TenantRules } from '@remuda/domain';
import { workerEnv, type WorkerProfile } from '@remuda/protocol';
import {
  RedisClock,
  RedisDeadLetters,
  RedisJobStore,
  RedisPoolControls,
  RedisSessionStore,
  RedisSnapshots,
  RedisWorkerLine,
  redisKeys,
  type RedisKeys,
} from '@remuda/redis';
import { rawConnectionOf, type RawConnection } from '@remuda/redis/testing';
import { Scheduler } from '../../../apps/scheduler/src/scheduler.js';
import { Worker } from '../../../apps/worker/src/worker.js';
import { SimulatedConnection } from '../redis/connection.js';
import type { Server } from '../redis/server.js';
import type { Program, World } from '../world/world.js';
import { SimulatedAgent, type AgentWeather, type TurnWatch } from './agent.js';
import { Containers } from './containers.js';
import { simulatedLog } from './log.js';
import { SimulatedCopier, type Copies, type Memory } from './memory.js';

/** Where all keys of a run are. */
export const namespace = 'sim';

/** A scheduler of the run. */
export interface RunningScheduler {
  readonly program: Program;
  /** It was told to stop. */
  stopping: boolean;
  stop(): void;
}

/** What an api stores jobs and sessions with. */
export interface Stores {
  readonly store: RedisJobStore;
  readonly deadLetters: RedisDeadLetters;
  readonly sessions: RedisSessionStore;
}

/** The programs of a run, wired as their own main files wire them. */
export class Cluster {
  readonly keys: RedisKeys = redisKeys(namespace);
  readonly containers: Containers;
  readonly schedulers: RunningScheduler[] = [];
  readonly agents: AgentWeather = {
    ...{
      fails: 0,
      hangs: 0,
      deaf: 0,
      kills: 0,
      deadly: new Set(),
      notWarm: 0,
      neverWarm: 0,
      notReset: 0,
      warmMs: 300,
      longestMs: 1_000,
      notKept: 0,
      copyMs: 50,
    },
  };
  /** How far the clock of the first scheduler, and of every second one after it, is ahead of all others', in ms. */
  clocksApartMs = 0;
  /** Every second scheduler is on a machine of its own, with an engine of its own. */
  twoEngines = false;
  /** For how long a session keeps its worker although jobs wait, in ms. */
  sessionKeepMs: number = sessionKeepMs;
  #schedulers = 0;
  readonly #profiles: readonly Profile[];

  constructor(
    private readonly world: World,
    private readonly server: Server,
    profiles: readonly Profile[],
    private readonly tenants: TenantRules,
    private readonly watch: TurnWatch,
    /** Where workers store what they keep of sessions. */
    private readonly copies: Copies,
    onContainer: (profile: string, running: number) => void,
  ) {
    this.#profiles = profiles;
    const isKnown = (worker: string): boolean => server.db.set(this.keys.workers).has(worker);
    this.containers = new Containers(world, (spec) => this.#startWorker(spec), onContainer, isKnown);
  }

  startScheduler(): void {
    const id = `s-${String(++this.#schedulers)}`;
    const engine = this.twoEngines && this.#schedulers % 2 === 0 ? 'second' : 'first';
    let scheduler: Scheduler | undefined;
    const program = this.world.start(id, (own) => {
      scheduler = new Scheduler({
        id,
        connect: (name) => (name === 'scheduler-guard' ? nothingBlocks : this.#connect(own)),
        namespace,
        profiles: this.#profiles,
        tenants: this.tenants,
        runtime: this.containers.runtimeOf(own, engine),
        surroundings: {
          reachesRedis: 'by-bridge',
          namespace,
          redisUrl: 'redis://sim',
          logLevel: 'info',
          drainMs: 10_000,
        },
        suspendAfter: 3,
        sessionKeepMs: this.sessionKeepMs,
        acl: false,
        workersOnExit: 'keep',
        clock: clockOf(this.world, own),
        registry: new Registry(),
        log: simulatedLog(this.world, id),
      });
      scheduler.start().catch((error: unknown) => {
        this.world.tell?.(`${id} could not start: ${String(error)}`);
        this.world.kill(own);
      });
    });
    if (this.#schedulers % 2 === 1) program.skew = this.clocksApartMs;
    const running: RunningScheduler = {
      program,
      stopping: false,
      stop: () => {
        running.stopping = true;
        this.world.after(0, program, () => {
          const gone = (): void => this.world.kill(program);
          if (scheduler) scheduler.stop().then(gone, gone);
          else gone();
        });
      },
    };
    this.schedulers.push(running);
    program.onDeath.push(() => this.schedulers.splice(this.schedulers.indexOf(running), 1));
  }

  /** The stores of an api. */
  openStores(program: Program): Stores {
    const { redis } = new SimulatedConnection(this.server, program, 'fail');
    const clock = this.#timeOf(program, redis);
    return {
      store: new RedisJobStore(redis, this.keys, clock),
      deadLetters: new RedisDeadLetters(redis, this.keys, clock),
      sessions: new RedisSessionStore(redis, this.keys, clock),
    };
  }

  /** What an api tells pools and workers. */
  openControls(program: Program): RedisPoolControls {
    const connection = new SimulatedConnection(this.server, program, 'fail');
    return new RedisPoolControls(connection.redis, this.keys, this.#timeOf(program, connection.redis));
  }

  /** The cluster's time, as an api has it. */
  #timeOf(program: Program, redis: SimulatedConnection['redis']): RedisClock {
    const clock = new RedisClock(redis, clockOf(this.world, program));
    clock.keepMeasured();
    return clock;
  }

  #connect(program: Program): SimulatedConnection['redis'] {
    return new SimulatedConnection(this.server, program).redis;
  }

  #copier(program: Program, memory: Memory): SimulatedCopier {
    const { world, keys, copies, agents: weather } = this;
    const index = new RedisSnapshots(this.#connect(program), keys);
    return new SimulatedCopier({ world, db: this.server.db, keys, index, copies, memory, weather });
  }

  #startWorker(spec: ContainerSpec): Program {
    const { world } = this;
    const profile = JSON.parse(spec.env[workerEnv.profile] ?? '{}') as WorkerProfile;
    const name = spec.worker;
    return world.start(name, (program) => {
      world.tell?.(`${name} begins`);
      const line = new RedisWorkerLine(() => this.#connect(program), this.keys, spec.worker);
      const memory: Memory = { conversation: [], restored: undefined };
      const engine = new SimulatedAgent(name, world, this.agents, this.watch, memory, () => world.kill(program));
      const worker = new Worker({
        line,
        engine,
        snapshots: this.#copier(program, memory),
        workspace: {
          prepare: () => Promise.resolve(undefined),
          collect: () => Promise.resolve({ warnings: [] }),
          clear: () => Promise.resolve(),
        },
        afterJobs: profile.afterJobs,
        drainMs: 10_000,
        clock: clockOf(world, program),
        log: simulatedLog(world, name),
      });
      const gone = (): void => world.kill(program);
      line
        .probe()
        .then(() => worker.run())
        .then(gone, gone);
    });
  }
}

/** What the guard of scripts hears: none of this Redis ever runs for long. */
const nothingBlocks = rawConnectionOf({
  config: () => Promise.resolve('OK'),
  ping: () => Promise.resolve('PONG'),
  disconnect: () => undefined,
} as unknown as RawConnection);

function clockOf(world: World, program: Program): Clock {
  return {
    now: () => Math.floor(world.now) + program.skew,
    monotonic: () => world.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
