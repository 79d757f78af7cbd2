import { noUsage } from '@remuda/domain';
import { encodeReport, joinReports, type WorkerReport } from '@remuda/protocol';
import type { Server } from '../redis/server.js';
import type { Program, World } from '../world/world.js';
import type { Cluster } from './cluster.js';

const hourMs = 3_600_000;

/** What goes wrong in a run, and when: by chance, until it's told to end. */
export class Faults {
  readonly #kinds: readonly (() => void)[];
  /** The next scheduler that claims a job is frozen with it in its hands. */
  #stalls = false;

  constructor(
    private readonly world: World,
    private readonly server: Server,
    private readonly cluster: Cluster,
    /** Jobs that workers carry out. */
    private readonly victims: () => readonly { job: string; lease: number; worker: string }[],
    deafToExits: boolean,
    hasSessions: boolean,
  ) {
    const { random } = world;
    const { weather } = server;
    weather.slow = random.pick([0, 0.01, 0.05]);
    weather.slowMs = random.pick([50, 500, 2_000]);
    weather.answersLost = random.pick([0, 0, 0.001, 0.01]);
    weather.dropped = random.pick([0, 0.2, 1]);
    weather.doubled = random.pick([0, 0.3]);
    Object.assign(cluster.agents, {
      fails: random.pick([0, 0.2, 0.5]),
      hangs: random.pick([0, 0.1]),
      deaf: random.pick([0, 0.3]),
      kills: random.pick([0, 0, 0, 0, 0.3]),
      notWarm: random.pick([0, 0.2]),
      neverWarm: random.pick([0, 0, 0, 0.1]),
      notReset: random.pick([0, 0.3]),
      longestMs: random.pick([50, 500, 3_000]),
      ...(hasSessions ? { notKept: random.pick([0, 0.2, 0.6]), copyMs: random.pick([10, 500, 2_000]) } : {}),
    });
    cluster.clocksApartMs = random.pick([0, 0, 0, hourMs, -hourMs]);
    cluster.twoEngines = random.chance(0.15);
    cluster.containers.weather.startFails = random.pick([0, 0, 0.3]);
    cluster.containers.weather.stopFails = random.pick([0, 0, 0.5]);
    cluster.containers.weather.exitUnheard = deafToExits ? 1 : random.pick([0, 0.5]);
    // Each run has its own mixture.
    const all = [
      () => this.#crash(this.#scheduler()),
      () => this.#crash(this.#worker()),
      () => this.#freeze(this.#scheduler()),
      () => this.#freeze(this.#worker()),
      () => void (this.#stalls = true),
      () => this.#jump(),
      () => this.#cut(),
      () => this.#outage(),
      () => this.#forge(),
      () => cluster.schedulers.at(0)?.stop(),
    ];
    this.#kinds = all.filter(() => random.chance(0.5));
  }

  /** Lets something go wrong. */
  act(): void {
    if (this.#kinds.length > 0) this.world.random.pick(this.#kinds)();
    this.#replace();
  }

  /** Hears that a job was claimed. */
  onClaim(lock: string): void {
    if (!this.#stalls) return;
    this.#stalls = false;
    const claimer = this.cluster.schedulers.find(({ program }) => lock.startsWith(`${program.name}:`));
    this.#freeze(claimer?.program, [5_000, 8_000]);
  }

  /** From now on all is well, and nothing takes long: whoever is frozen goes on, and Redis answers. Clocks that are wrong stay so. */
  end(): void {
    Object.assign(this.server.weather, { slow: 0, answersLost: 0, dropped: 0, doubled: 0 });
    Object.assign(this.cluster.agents, {
      ...{ fails: 0, hangs: 0, deaf: 0, kills: 0, notWarm: 0, neverWarm: 0, notReset: 0, warmMs: 40, longestMs: 100 },
      ...{ notKept: 0, copyMs: 10 },
    });
    Object.assign(this.cluster.containers.weather, { startFails: 0, stopFails: 0, exitUnheard: 0, beginMs: 40 });
    this.#stalls = false;
    if (!this.cluster.schedulers.some((scheduler) => !scheduler.stopping)) this.cluster.startScheduler();
  }

  /** All programs are frozen for so long, and go on together. */
  sleep(ms: number): void {
    this.world.tell?.(`all are frozen for ${String(ms)} ms`);
    for (const program of this.world.programs) program.frozenUntil = this.world.now + ms;
  }

  #scheduler(): Program | undefined {
    const all = this.cluster.schedulers;
    return all.length === 0 ? undefined : this.world.random.pick(all).program;
  }

  #worker(): Program | undefined {
    const all = this.cluster.containers.programs();
    return all.length === 0 ? undefined : this.world.random.pick(all);
  }

  #crash(program: Program | undefined): void {
    if (program) this.world.kill(program);
  }

  #freeze(program: Program | undefined, lengths = [100, 1_000, 5_000, 8_000]): void {
    if (!program) return;
    const ms = this.world.random.pick(lengths);
    program.frozenUntil = Math.max(program.frozenUntil, this.world.now + ms);
    this.world.tell?.(`${program.name} is frozen for ${String(ms)} ms`);
  }

  #jump(): void {
    const { random } = this.world;
    const program = random.pick(this.world.programs);
    program.skew += random.pick([-10_000, -1_000, 500, 2_000, 10_000, -hourMs, hourMs]);
    this.world.tell?.(`the clock of ${program.name} is off by ${String(program.skew)} ms`);
  }

  #cut(): void {
    const connections = [...this.server.connections];
    if (connections.length > 0) this.world.random.pick(connections).cut();
    this.world.tell?.('a connection is cut');
  }

  #outage(): void {
    if (!this.server.up) return;
    const ms = this.world.random.pick([50, 500, 3_000, 7_000]);
    this.world.tell?.(`Redis is away for ${String(ms)} ms`);
    this.server.outage(ms, this.world.random.chance(0.5));
  }

  /** A worker says how another one's job ended, under that one's lease; after that nobody hears its own words any more. */
  #forge(): void {
    const forger = this.#worker();
    const victim = this.victims().find(({ worker }) => worker !== forger?.name);
    if (!forger || !victim) return;
    const { job, lease } = victim;
    const out = this.cluster.keys.workerOut(forger.name);
    const [last = 0] = this.server.db.stream(out)?.last ?? [];
    const result = { text: `${forger.name} 0`, turns: 1, usage: noUsage, costUsd: 0 };
    const reports: WorkerReport[] = [
      { kind: 'events', job, lease, events: [{ type: 'message.text', at: 0, data: { text: `${forger.name} 0 1` } }] },
      { kind: 'outcome', job, lease, outcome: { kind: 'succeeded', result } },
    ];
    this.world.tell?.(`${forger.name} forges the outcome of ${job}`);
    this.server.db.run('xadd', [out, `${String(last + 1_000)}-0`, 'd', joinReports(reports.map(encodeReport))]);
    this.server.serve();
  }

  /** A scheduler that is gone is started again before long. */
  #replace(): void {
    const { random } = this.world;
    if (this.cluster.schedulers.length < 2 && random.chance(0.5)) this.cluster.startScheduler();
  }
}
