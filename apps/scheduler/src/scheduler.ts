import { settleFormat } from '@remuda/redis';
import type { PoolRecord } from '@remuda/domain';
import { assemble, type Parts } from './assemble.js';
import { openAtRedis, type AtRedis } from './at-redis.js';
import { lost } from './attempts/lost.js';
import type { SchedulerPlan } from './scheduler-plan.js';
import { every, type Ticker } from './ticker.js';

/**
 * Intervals of saying that we are present, of updating the pools and workers, of sweeping, and of checking for replaced images, in ms. Missing images
 * are checked less often, since they are pulled.
 */
const beat = {
  ...{ presence: 300, pools: 500, workers: 1_000, sweeps: 1_000, locks: 15_000, scripts: 300 },
  ...{ releases: 5_000, images: 30_000, marks: 500, orphans: 2_000, spares: 1_000 },
} as const;

/** The recurring work. */
interface Tickers {
  readonly pools: Ticker;
  readonly workers: Ticker;
  readonly others: readonly Ticker[];
}

/** Decides which worker gets which job, and how many workers there are. Several may run at the same time. */
export class Scheduler {
  readonly #at: AtRedis;
  readonly #parts: Parts;
  #tickers: Tickers | undefined;
  #enrolUrl: string | undefined;
  #unwatch: (() => Promise<void>) | undefined;
  #unmeasure: (() => void) | undefined;

  constructor(private readonly plan: SchedulerPlan) {
    this.#at = openAtRedis(plan);
    this.#parts = assemble(plan, this.#at);
    const { signals, dispatcher, ownership, losses, keeper } = this.#parts;
    signals.connect({
      work: (profile) => {
        dispatcher.onFree(profile);
      },
      poolChanged: () => this.#tickers?.pools.poke(),
      disowned: (worker) => {
        ownership.disown(worker);
      },
      lost: (worker, failure) => void losses.lose(worker, failure),
      ready: (profile, tookMs) => keeper.noteReady(profile, tookMs),
      startFailed: (profile, reason) => keeper.noteFailedStart(profile, reason),
    });
  }

  /** Starts: takes over what another scheduler left, then maintains pools and queues. */
  async start(): Promise<void> {
    const { runtime } = this.plan;
    await settleFormat(this.#at.redis, this.#at.keys);
    await this.#at.clock.measure();
    this.#unmeasure = this.#at.clock.keepMeasured();
    await this.#parts.images.provide();
    this.#parts.identity.engine = await runtime.engineName();
    this.#parts.keeper.onMachine(await runtime.cores?.());
    await this.#at.presence.say();
    await this.#at.profileQueues.ready();
    await this.#parts.sweeper.publish();
    await this.#at.profileQueues.start();
    this.#unwatch = await runtime.watch((exit) => void this.#parts.losses.onExit(exit));
    this.#at.redis.onUp(() => {
      this.#parts.accounts.onConnected();
    });
    await this.#parts.halts.look();
    await this.#at.wakes.follow({
      onJobs: (profile, jobs) => {
        this.#parts.keeper.noteArrivals(profile, jobs);
        if (!this.#parts.dispatcher.wake(profile, jobs)) this.#tickers?.pools.poke();
      },
      onTurn: (turn) => void this.#parts.dispatcher.onTurn(turn),
      onSchedulerLeft: () => {
        this.#parts.ownership.stir();
        this.#tickers?.workers.poke();
      },
      onOrder: () => {
        this.#parts.ownership.stir();
        this.#tickers?.workers.poke();
        this.#tickers?.pools.poke();
      },
    });
    this.#tickers = this.#tick();
    this.#enrolUrl = await this.#parts.enrolListener?.listen();
  }

  /** Where pods enrol; undefined where they don't, and before it has started. */
  get enrolUrl(): string | undefined {
    return this.#enrolUrl;
  }

  #tick(): Tickers {
    const { log } = this.plan;
    const { busyMarks } = this.#parts;
    return {
      pools: every(
        beat.pools,
        'keeping the pools',
        () => this.#keepPools(),
        log,
        () => this.#parts.keeper.gapMs(),
      ),
      workers: every(beat.workers, 'keeping the workers', () => this.#keepWorkers(), log),
      others: [
        every(beat.presence, 'saying that it is present', () => this.#sayPresent(), log),
        every(beat.sweeps, 'sweeping', () => this.#parts.sweeper.sweep(), log),
        every(beat.locks, 'renewing the locks', () => this.#parts.holdings.renew(), log),
        every(beat.scripts, 'looking for blocking scripts', () => this.#at.guard.look(), log),
        every(beat.releases, 'looking for replaced images', () => this.#parts.images.follow(), log),
        every(beat.orphans, 'looking for orphaned containers', () => this.#parts.reaper.reap(), log),
        every(beat.spares, 'deciding about spares', () => this.#parts.spares.keep(), log),
        every(beat.images, 'looking for missing images', () => this.#parts.images.look(), log),
        ...(busyMarks ? [every(beat.marks, 'marking pods with a job', () => busyMarks.keep(), log)] : []),
      ],
    };
  }

  /** All pools, including those of other schedulers. Rejects with `redis.unavailable` while Redis does not answer. */
  pools(): Promise<readonly PoolRecord[]> {
    return this.#at.pools.pools();
  }

  /** Rejects while Redis does not answer. */
  async check(): Promise<void> {
    await this.#at.redis.ping();
  }

  /** Stops: claims nothing more, and leaves the workers to another scheduler, or removes them. */
  async stop(): Promise<void> {
    this.#parts.dispatcher.stop();
    await this.#parts.enrolListener?.close();
    const { pools, workers, others = [] } = this.#tickers ?? {};
    for (const ticker of [pools, workers, ...others]) await ticker?.stop();
    await this.#unwatch?.();
    this.#unmeasure?.();
    await (this.plan.workersOnExit === 'remove' ? this.#removeWorkers() : this.#handOver());
    await this.#at.presence.leave();
    await this.#parts.relay.close();
    await this.#parts.places.settle();
    await this.#at.profileQueues.close();
    await this.#at.pools.close();
    await this.#at.queues.close();
    await this.plan.runtime.close();
    this.#at.wakes.close();
    this.#at.guard.close();
    this.#at.redis.close();
  }

  /** Others may be gone, or have taken what was ours: then it is looked at once who owns what. */
  async #sayPresent(): Promise<void> {
    if (!(await this.#at.presence.say())) return;
    this.#parts.ownership.stir();
    this.#tickers?.workers.poke();
    this.#tickers?.pools.poke();
  }

  async #keepWorkers(): Promise<void> {
    await this.#at.clock.settled();
    await this.#parts.ownership.keep();
  }

  async #keepPools(): Promise<void> {
    await this.#parts.accounts.restore();
    try {
      await this.#parts.keeper.keep();
    } finally {
      // Even if a container cannot be removed: waiting jobs are not affected.
      this.#parts.dispatcher.wakeAll((profile) => this.#parts.keeper.backlogOf(profile));
    }
  }

  async #handOver(): Promise<void> {
    await this.#parts.ownership.handOver();
    await this.#at.leadership.release(this.plan.profiles.map(({ name }) => name));
    await this.#at.wakes.sayLeft();
  }

  async #removeWorkers(): Promise<void> {
    const stopped = lost('the cluster was stopped');
    await Promise.all(this.#parts.fleet.all().map((worker) => this.#parts.losses.lose(worker.id, stopped)));
  }
}
