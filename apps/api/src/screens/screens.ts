import { Inject, Injectable } from '@nestjs/common';
import { RemudaError } from '@remuda/domain';
import type { Clock, JobStore, PoolStore, WorkerScreen, WorkerScreens } from '@remuda/domain';
import type { ScreenView } from '@remuda/protocol';
import { clock, jobStore, poolStore, workerScreens } from '../stores.js';

/** For how long a worker is asked to show its screen, and how soon it is asked again, in ms. */
const showMs = 12_000;
const askAgainMs = 5_000;
/** How often what it shows is looked at, in ms: as often as it can change. */
const lookMs = 500;
/** The same while the first screen is waited for, and the longest wait, in ms. */
const firstLookMs = 50;
const patienceMs = 3_000;

/** A worker whose screen somebody asks for, and the tenant of who does. */
export interface AskedScreen {
  readonly worker: string;
  readonly tenant: string;
}

/** The screens of workers with a terminal. Workers are asked for them only while somebody looks. */
@Injectable()
export class Screens {
  constructor(
    @Inject(workerScreens) private readonly screens: WorkerScreens,
    @Inject(poolStore) private readonly pools: PoolStore,
    @Inject(jobStore) private readonly jobs: JobStore,
    @Inject(clock) private readonly time: Clock,
  ) {}

  /** Rejects with `worker.unknown` or `worker.no_screen` if the worker can have none. */
  async mustHave(id: string): Promise<void> {
    const worker = (await this.pools.workers()).find((one) => one.id === id);
    if (!worker) throw new RemudaError('worker.unknown', `There is no worker ${JSON.stringify(id.slice(0, 70))}.`);
    const { engineKind = 'stream' } = worker;
    if (engineKind !== 'tmux')
      throw new RemudaError('worker.no_screen', `The worker has the engine ${engineKind}, which has no terminal.`);
  }

  /** The screen as it is now. Rejects also with `worker.screen_unavailable`. */
  async now({ worker, tenant }: AskedScreen): Promise<ScreenView> {
    await this.mustHave(worker);
    return this.view(worker, tenant, await this.first(worker));
  }

  /** The screen as it is now, and again whenever it changes, at most twice a second, until the signal aborts. */
  async *follow({ worker: id, tenant }: AskedScreen, signal: AbortSignal): AsyncGenerator<ScreenView> {
    let shown = await this.first(id);
    let askedAt = this.time.monotonic();
    yield await this.view(id, tenant, shown);
    while (!signal.aborted) {
      await this.time.sleep(lookMs, signal).catch(() => undefined);
      if (this.time.monotonic() - askedAt >= askAgainMs) {
        await this.mustHave(id);
        await this.screens.ask(id, this.time.now(), showMs);
        askedAt = this.time.monotonic();
      }
      const next = await this.screens.shown(id);
      if (next === undefined) throw unavailable();
      if (next.text !== shown.text) yield await this.view(id, tenant, next);
      shown = next;
    }
  }

  /** A job is shown to its own tenant only. */
  private async view(worker: string, tenant: string, { at, text, job }: WorkerScreen): Promise<ScreenView> {
    if (job !== undefined && !(await this.jobs.find({ tenant, id: job })))
      throw new RemudaError('worker.no_screen', 'The worker shows a job of another tenant, or one that was deleted.');
    return { worker, at: new Date(at).toISOString(), text };
  }

  private async first(id: string): Promise<WorkerScreen> {
    const asked = this.time.now();
    const since = this.time.monotonic();
    await this.screens.ask(id, asked, showMs);
    for (;;) {
      const shown = await this.screens.shown(id);
      if (shown && shown.asked >= asked) return shown;
      if (this.time.monotonic() - since > patienceMs) throw unavailable();
      await this.time.sleep(firstLookMs);
    }
  }
}

const unavailable = (): RemudaError =>
  new RemudaError(
    'worker.screen_unavailable',
    'The worker does not show its screen: it has no terminal at the moment.',
  );
