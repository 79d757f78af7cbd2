import { setImmediate as turnOver } from 'node:timers/promises';
import { defaultTenant, type TenantRules } from '@remuda/domain';
import { profile } from '@remuda/testing';
import { Clients } from './parts/clients.js';
import { Cluster, namespace } from './parts/cluster.js';
import { Faults } from './parts/faults.js';
import { Copies } from './parts/memory.js';
import { Invariants } from './parts/promises/invariants.js';
import type { Mutant } from './parts/mutants.js';
import { Operators, type Standing } from './parts/operators.js';
import { SessionClients } from './parts/sessions.js';
import { Server } from './redis/server.js';
import { takeOver } from './world/takeover.js';
import { World, beginning } from './world/world.js';

/** How a run is made. */
export interface RunPlan {
  readonly seed: number;
  /** Steps of clients and faults before all disturbance ends. */
  readonly steps: number;
  readonly mutant?: Mutant;
  /** Whether it goes on until all that was accepted is over. By default every second one does. */
  readonly whole?: boolean;
  /** Hears what happens, one line each. */
  readonly tell?: (line: string) => void;
}

/** What came of a run. */
export interface RunEnd {
  /** The first promise that was broken. */
  readonly broken: string | undefined;
  readonly events: number;
  readonly simulatedMs: number;
  readonly jobs: number;
}

/** Time in which all must be over once nothing disturbs any more, in ms: locks run out, backoffs end and a start is given up in it. */
const patienceMs = 420_000;

/**
 * After so long all programs are frozen at once, for longer than the longest limit that anything waits for then, in ms: played
 * through, the wait of a few runs for the limit of a start would be a tenth of all events.
 */
const sleep = { afterMs: 10_000, ms: 60_000 } as const;

/**
 * Of two runs one goes on until all that was accepted is over, the other ends with the disturbance: most of a run's events
 * come after that, and break no more promises than those before (`--mutants`, with `--whole` and without).
 */
const isWhole = ({ seed, whole = seed % 2 === 1 || seed % 16 === 6 || keepsShortly(seed) }: RunPlan): boolean => whole;

/** In every eighth run clients talk in sessions, beside plain jobs: such a run has three times as many events. */
const hasSessions = (seed: number): boolean => seed % 8 === 6;

/** In some of these many turns follow one another beside many jobs in small pools, and a session soon has to let its worker go for them. */
const sessionKeepMs = 200;
const keepsShortly = (seed: number): boolean => seed % 32 === 14;

/** In some runs Redis is a new one, that has to be told each script; in the others it has served before. */
const hasNewRedis = (seed: number): boolean => seed % 8 < 2;

/** The scripts that a Redis knows which has served before. */
let scriptsOfBefore: readonly string[] | undefined;

/** Carries out one run: the same plan gives the same run. */
export async function run(plan: RunPlan): Promise<RunEnd> {
  scriptsOfBefore ??= await tellScripts();
  return play(plan, hasNewRedis(plan.seed) ? [] : scriptsOfBefore);
}

/** What some runs have to tell to a new Redis. */
async function tellScripts(): Promise<readonly string[]> {
  const told = new Set<string>();
  for (const seed of [1, 2, 3, 6]) await play({ seed, steps: 20 }, [], told);
  return [...told];
}

async function play(plan: RunPlan, scripts: readonly string[], told = new Set<string>()): Promise<RunEnd> {
  const world = new World(plan.seed);
  if (plan.tell) {
    const { tell } = plan;
    world.tell = (line) => tell(`${((world.now - beginning) / 1000).toFixed(3).padStart(8)}  ${line}`);
  }
  const giveBack = takeOver(world);
  // A program would end of it.
  const onUnheard = (error: unknown): void => {
    world.broken ??= `nobody hears of an error: ${error instanceof Error ? String(error.stack) : String(error)}`;
  };
  process.on('unhandledRejection', onUnheard);
  const restore = plan.mutant?.part?.();
  try {
    const run = new Run(world, plan, scripts);
    const end = await run.end();
    for (const text of run.told) told.add(text);
    run.forget();
    await turnOver();
    return { ...end, broken: end.broken ?? world.broken };
  } finally {
    process.off('unhandledRejection', onUnheard);
    restore?.();
    giveBack();
  }
}

class Run {
  readonly #invariants: Invariants;
  readonly #server: Server;
  readonly #cluster: Cluster;
  readonly #clients: Clients;
  readonly #sessions: SessionClients;
  readonly #faults: Faults;
  readonly #operators: Operators;
  #disturbed = true;

  constructor(
    private readonly world: World,
    private readonly plan: RunPlan,
    scripts: readonly string[],
  ) {
    const { random } = world;
    const names = random.chance(0.3) ? ['default', 'other'] : ['default'];
    const profiles = names.map((name) => {
      const max = Math.min(random.between(1, 4), keepsShortly(plan.seed) ? 2 : 4);
      const recycle = { afterJobs: random.pick([1, 2, 10]), afterMs: random.pick([5_000, 3_600_000]), idleMs: 2_000 };
      return profile({ name, pool: { warm: random.between(0, Math.min(2, max)), max }, recycle });
    });
    const tenants = random.chance(0.25) ? ['default', 'acme', 'blue'] : ['default'];
    const rules: TenantRules = tenants.length > 1 ? { [random.pick(tenants)]: { running: random.between(1, 2) } } : {};
    const most = new Map(profiles.map(({ name, pool }) => [name, pool.max]));
    const copies = new Copies();
    this.#invariants = new Invariants(
      most,
      rules,
      copies,
      () => world.tell,
      () => world.now,
    );
    this.#server = new Server(world, this.#invariants, plan.mutant?.script);
    this.#invariants.db = this.#server.db;
    for (const text of scripts) this.#server.db.learn(text);
    this.#cluster = new Cluster(
      world,
      this.#server,
      profiles,
      rules,
      this.#invariants.workers,
      copies,
      (name, running) => this.#invariants.workers.onContainer(name, running),
    );
    if (keepsShortly(plan.seed)) {
      this.#cluster.sessionKeepMs = sessionKeepMs;
      this.#invariants.sessions.keepMs = sessionKeepMs;
    }
    let stores: ReturnType<Cluster['openStores']> | undefined;
    let controls: ReturnType<Cluster['openControls']> | undefined;
    const api = world.start('api', (program) => {
      stores = this.#cluster.openStores(program);
      controls = this.#cluster.openControls(program);
    });
    this.#clients = new Clients(
      world,
      api,
      () => stores!.store,
      () => stores!.deadLetters,
      names,
      tenants,
      () => this.#invariants.jobs.failed(),
    );
    this.#sessions = new SessionClients({
      ...{ world, api, profiles: names, store: () => stores!.sessions, jobs: () => stores!.store },
      mostTurns: keepsShortly(plan.seed) ? 8 : 2,
      onFirst: (job) => this.#invariants.sessions.first.add(job),
      onAccepted: (job) => this.#clients.accepted.set(job, defaultTenant),
    });
    this.#invariants.workers.turned = (job) => this.#clients.onTurnEnd(job);
    const workers = (): readonly string[] => this.#invariants.workers.all();
    const standing = (): Standing => this.#invariants.workers.standing();
    this.#operators = new Operators(world, api, () => controls!, names, workers, standing);
    this.#faults = new Faults(
      world,
      this.#server,
      this.#cluster,
      () => this.#invariants.jobs.held(),
      plan.mutant?.deafToExits === true,
      hasSessions(plan.seed),
    );
    this.#invariants.workers.claimed = (lock) => this.#faults.onClaim(lock);
  }

  /** Texts of the scripts that Redis was told. */
  get told(): ReadonlySet<string> {
    return this.#server.db.told;
  }

  /**
   * Lets go of all that was made. What is left whole hangs together with what comes after it, and each small collection of garbage
   * copies it once more.
   */
  forget(): void {
    this.world.end();
    this.#server.end();
  }

  async end(): Promise<RunEnd> {
    const { world, plan } = this;
    const { random } = world;
    for (let i = random.between(1, 2); i > 0; i--) this.#cluster.startScheduler();
    const gapMs = random.pick([50, 200, 600]);
    const steered = random.pick([0, 0.1, 0.3]);
    const talks = hasSessions(plan.seed);
    let at = 0;
    const steps = keepsShortly(plan.seed) ? plan.steps * 3 : plan.steps;
    for (let i = 0; i < steps; i++) {
      at += random.between(1, gapMs);
      world.after(at, undefined, () => {
        if (random.chance(steered)) this.#operators.act();
        else if (talks && random.chance(0.6)) this.#sessions.act();
        else if (random.chance(0.6)) this.#clients.act();
        else this.#faults.act();
      });
    }
    world.after(at + 1, undefined, () => {
      this.#disturbed = false;
      world.tell?.('--- nothing disturbs any more');
      this.#faults.end();
      this.#operators.end();
      world.after(sleep.afterMs, undefined, () => this.#faults.sleep(sleep.ms));
    });
    await this.#play(() => this.#disturbed);
    const patience = world.now + patienceMs;
    const whole = isWhole(plan);
    if (whole) await this.#play(() => world.now < patience && !this.#isDone());
    return {
      broken: this.#broken() ?? (whole ? this.#atEnd() : undefined),
      events: world.steps,
      simulatedMs: world.now - beginning,
      jobs: this.#clients.accepted.size,
    };
  }

  #play(goesOn: () => boolean): Promise<void> {
    return this.world.play(() => this.#broken() === undefined && goesOn());
  }

  #broken(): string | undefined {
    return this.world.broken ?? this.#invariants.broken ?? this.#clients.broken;
  }

  #isDone(): boolean {
    return (
      this.#invariants.jobs.open.size === 0 &&
      this.#clients.underWay + this.#sessions.underWay === 0 &&
      this.#invariants.sessions.waitsForSnapshot() === undefined &&
      this.#placesLeft() === 0
    );
  }

  /** Places that jobs have in their queues. */
  #placesLeft(): number {
    const { db } = this.#server;
    return ['default', 'other']
      .flatMap((name) => db.run('bull.counts', [`{${namespace}}:jobs.${name}`]) as number[])
      .reduce((sum, count) => sum + count, 0);
  }

  #atEnd(): string | undefined {
    for (const id of this.#clients.cancelled)
      if (this.#invariants.jobs.seen.get(id)?.state !== 'cancelled')
        return `${id} was cancelled while it waited, and is not`;
    const left = this.#placesLeft();
    return (
      this.#invariants.jobs.atEnd(this.#clients.accepted.keys()) ??
      this.#invariants.tenants.atEnd() ??
      this.#invariants.sessions.atEnd() ??
      (left > 0 ? `${String(left)} places in the queues are left over` : undefined)
    );
  }
}
