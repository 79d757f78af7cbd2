import { isOutgrown, type Clock, type LeaseStore, type Recycle, type WorkerPhase } from '@remuda/domain';
import type { WorkerReport } from '@remuda/protocol';
import type { RelayListener, WorkerRegistry } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import { suspectOrphan } from './suspected-orphan.js';
import type { Fleet, KeepsTurn, OwnWorker } from './fleet.js';
import type { Holdings } from '../attempts/holdings.js';
import { lost } from '../attempts/lost.js';
import type { SchedulerMetrics } from '../metrics.js';
import type { Spares } from '../pools/spares.js';
import type { Signals } from '../signals.js';
import type { OtherReleases } from './other-releases.js';
import type { OperatorOrders } from './operator-orders.js';

/** Dependencies of handling workers' reports. */
export interface ReportsParts {
  readonly fleet: Fleet;
  readonly holdings: Holdings;
  readonly leases: Pick<LeaseStore, 'endKeeping'>;
  readonly registry: WorkerRegistry;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
  /** When workers of a profile are replaced. */
  readonly recycleOf: (profile: string) => Pick<Recycle, 'aboveRssMb'>;
  readonly orders: OperatorOrders;
  readonly spares: Pick<Spares, 'compare'>;
  readonly others: Pick<OtherReleases, 'refuse' | 'retire'>;
  readonly signals: Signals;
}

/** A worker gets no turn for so long before it waits no longer, in ms. */
const holdMarginMs = 1_000;

/** Handles our workers' reports about themselves and their jobs. */
export class WorkerReports implements RelayListener {
  constructor(private readonly parts: ReportsParts) {}

  async onStatus(worker: string, report: Parameters<RelayListener['onStatus']>[1]): Promise<void> {
    const { fleet, registry, clock } = this.parts;
    const own = fleet.get(worker);
    if (!own) return;
    const wasQuiet = fleet.hear(own, clock.monotonic());
    // While it has a job according to our records, its report is older than that job.
    const isFree = report.phase === 'idle' && !this.parts.holdings.of(worker);
    if (report.format !== undefined && isFree) return this.parts.others.retire(own, report.format);
    // A scheduler that has taken it over has not heard its first report, and jobs with secrets wait for the key.
    const newKey = report.key !== undefined && report.key !== own.key;
    if (report.key !== undefined) own.key = report.key;
    if ((wasQuiet || newKey) && own.phase === 'idle') this.parts.signals.work(own.profile);
    if (report.kind === 'heartbeat') {
      this.#compare(own, report.phase);
      this.#noteHold(own, report.session);
      const { claudeVersion, spare } = report;
      if (spare !== undefined) await this.parts.spares.compare(own, spare);
      const rssMb = Math.round(report.rssMb);
      await registry.noteHeard({ id: worker, heartbeatAt: clock.now(), rssMb, claudeVersion });
    } else if (report.phase === 'idle' && report.format === undefined) await this.#onIdle(worker, report);
    else if (report.phase === 'draining') await this.#onDraining(worker);
  }

  async onOutcome(...[worker, report, cursor, startedAt]: Parameters<RelayListener['onOutcome']>): Promise<boolean> {
    const { job, lease, outcome } = report;
    const turn = this.#turnOf(worker, job);
    if (outcome.kind === 'succeeded' && outcome.holds !== undefined) this.#hold(worker, turn, outcome.holds);
    const own = this.parts.fleet.get(worker);
    if (own && outcome.kind === 'succeeded' && outcome.keeps === true) own.keeping = { ...turn, job, lease };
    const held = { job, worker, lease, ...(startedAt === undefined ? {} : { startedAt }) };
    return (await this.parts.holdings.onOutcome(held, outcome, cursor)) !== 'elsewhere';
  }

  /** Before the next turn begins, which may be in the step that ends this one. */
  #hold(worker: string, { session, holdMs = 0 }: Pick<KeepsTurn, 'session' | 'holdMs'>, grant: string): void {
    const { fleet, clock } = this.parts;
    if (session === undefined) return;
    const since = clock.monotonic();
    // Near its end it would cross the worker's own word that it waits no longer.
    const until = since + holdMs - Math.min(holdMs / 4, holdMarginMs);
    fleet.hold(worker, { session, since, until }, grant);
  }

  #turnOf(worker: string, id: string): Pick<KeepsTurn, 'session' | 'holdMs'> {
    const job = this.parts.holdings.of(worker)?.job;
    if (job?.id !== id || job.session === undefined) return {};
    return { session: job.session, holdMs: job.spec.holdMs ?? 0 };
  }

  async onKept(...[worker, report, cursor]: Parameters<RelayListener['onKept']>): Promise<boolean> {
    const { job, lease, lost, holds } = report;
    const own = this.parts.fleet.get(worker);
    const isIts = own?.keeping?.job === job && own.keeping.lease === lease;
    if (isIts && holds !== undefined) this.#hold(worker, own.keeping ?? {}, holds);
    const answer = await this.parts.leases.endKeeping({ job, worker, lease }, lost, cursor);
    if (isIts) delete own.keeping;
    return answer !== 'elsewhere';
  }

  /** It is idle, and its word of what came of the last turn's snapshot was lost. */
  async #endKeeping(own: OwnWorker): Promise<void> {
    const { keeping } = own;
    if (!keeping || this.parts.holdings.of(own.id)) return;
    delete own.keeping;
    const { job, lease } = keeping;
    await this.parts.leases.endKeeping({ job, worker: own.id, lease }, 'It is not known what came of its snapshot.');
  }

  onIncompatible(worker: string, format: number): void {
    this.parts.others.refuse(worker, format);
  }

  onElsewhere(worker: string): void {
    this.parts.signals.disowned(worker);
  }

  isResting(worker: string): boolean {
    const own = this.parts.fleet.get(worker);
    return own?.phase === 'idle' && own.held === undefined && !this.parts.holdings.of(worker);
  }

  onRefused(worker: string, reason: 'unreadable' | 'fenced', error?: unknown): void {
    this.parts.metrics.refused.inc({ reason });
    this.parts.log.warn({ worker, reason, ...(error === undefined ? {} : { err: error }) }, 'a report was refused');
  }

  /** A scheduler that has taken a worker over learns so that it holds a session: it gives it no turn, but may end that. */
  #noteHold(own: OwnWorker, session: string | undefined): void {
    if (session === undefined || own.held || this.parts.holdings.of(own.id)) return;
    this.parts.fleet.hold(own.id, { session, since: this.parts.clock.monotonic(), until: 0 });
  }

  /** An idle worker reports so while it has a job according to our records: tolerated only briefly. */
  #compare(own: OwnWorker, phase: WorkerPhase): void {
    const holding = phase === 'idle' ? this.parts.holdings.of(own.id) : undefined;
    if (!holding) {
      delete own.orphan;
      return;
    }
    const held = { job: holding.job.id, lease: holding.lease };
    const { orphan, lost: isLost } = suspectOrphan(held, own.orphan, this.parts.clock.monotonic());
    own.orphan = orphan;
    // The assignment or the outcome was lost.
    if (isLost) this.parts.signals.lost(own.id, lost('it does not have the job it was given'));
  }

  async #onIdle(
    worker: string,
    { job, lease = 0, cold = false, grant, rssMb }: Extract<WorkerReport, { kind: 'phase' }>,
  ): Promise<void> {
    const { fleet, holdings, registry, clock, metrics, log, recycleOf, orders, signals } = this.parts;
    const own = fleet.get(worker);
    const now = clock.now();
    const done = job === undefined ? undefined : { job, lease };
    if (!own || own.phase === 'draining') return;
    await this.#endKeeping(own);
    const outgrown = isOutgrown({ rssMb, jobsDone: done ? 1 : 0 }, recycleOf(own.profile));
    const noting = registry.noteIdle(worker, now, done, rssMb === undefined ? undefined : Math.round(rssMb));
    const word = { cold, readyAt: now, ...(grant === undefined ? {} : { grant }) };
    // Any assignment reaches Redis after this write: so the claim need not wait for the answer.
    const early = own.phase === 'busy' && !holdings.of(worker) && !outgrown;
    if (early) this.#free(own, word);
    const noted = await noting;
    if (noted === 'spent') await this.#onDraining(worker);
    if (noted !== 'idle' || early) return;
    const first = own.readyAt === 0;
    if (first) {
      const ms = clock.monotonic() - own.startedAt;
      metrics.ready(own.profile, ms);
      log.info({ worker, ms }, 'worker is warm');
      await signals.ready(own.profile, ms);
    }
    if (outgrown) {
      own.readyAt = now;
      await orders.drain(worker, now, 'memory');
    } else this.#free(own, word);
  }

  /** Adds a worker to the free ones: one that is idle according to our records is free, or about to get a job. */
  #free(own: OwnWorker, word: Pick<OwnWorker, 'cold' | 'readyAt' | 'grant'>): void {
    const listed = own.phase === 'idle';
    Object.assign(own, word);
    if (listed) return;
    this.parts.fleet.list(own);
    this.parts.signals.work(own.profile);
  }

  async #onDraining(worker: string): Promise<void> {
    this.parts.fleet.engage(worker, 'draining', this.parts.clock.monotonic());
    await this.parts.registry.note(worker, { phase: 'draining' });
    this.parts.signals.poolChanged();
  }
}
