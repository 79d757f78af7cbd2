import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import {
  couldStartAt,
  type Ending,
  type JobRecord,
  type PoolRecord,
  type Start,
  type TenantJobs,
} from '@remuda/domain';
import { timestampGauge } from '@remuda/runtime';
import { poolGauges } from './pools/pool-gauges.js';
import { tenantGauges } from './tenants/tenant-gauges.js';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600];

/** What the metrics are read from. */
export interface MetricsSources {
  readonly pools: () => Promise<readonly PoolRecord[]>;
  readonly deadLetters: () => Promise<number>;
  readonly tenants: () => Promise<readonly TenantJobs[]>;
  /** Our workers: those that wait for a session's next turn are counted. */
  readonly workers: () => readonly { readonly profile: string; readonly held?: object }[];
}

/** The scheduler's metrics. No label contains a job's or a worker's id. */
export class SchedulerMetrics {
  readonly refused: Counter<'reason'>;
  readonly lost: Counter<'profile'>;
  readonly starts: Counter<'profile' | 'outcome'>;
  readonly recycled: Counter<'profile' | 'reason'>;
  readonly enrolments: Counter<'outcome'>;
  /** The certificate with which pods enrol is valid until then, epoch ms. */
  readonly enrolCertificateEnds: (epochMs: number) => void;
  readonly #ended: Counter<'profile' | 'state' | 'code'>;
  readonly #requeued: Counter<'profile' | 'counted'>;
  readonly #wait: Histogram<'profile' | 'start'>;
  readonly #firstToken: Histogram<'profile' | 'start'>;
  readonly #duration: Histogram<'profile' | 'state'>;
  readonly #ready: Histogram<'profile'>;

  /** The sources are asked whenever the metrics are read. */
  constructor(registry: Registry, { pools, deadLetters, tenants, workers }: MetricsSources) {
    const registers = [registry];
    const make = { registers };
    this.refused = new Counter({
      name: 'remuda_reports_refused_total',
      help: 'Rejected reports of workers.',
      labelNames: ['reason'],
      ...make,
    });
    this.lost = new Counter({
      name: 'remuda_workers_lost_total',
      help: 'Workers that ended or timed out without being told to leave.',
      labelNames: ['profile'],
      ...make,
    });
    this.starts = new Counter({
      name: 'remuda_worker_starts_total',
      help: 'Containers started.',
      labelNames: ['profile', 'outcome'],
      ...make,
    });
    this.recycled = new Counter({
      name: 'remuda_workers_recycled_total',
      help: 'Workers that were told to leave: stale, by age, by memory, as surplus, for jobs while they held a session, with their pool, or by an operator.',
      labelNames: ['profile', 'reason'],
      ...make,
    });
    new Gauge({
      name: 'remuda_workers_held',
      help: "Workers of this scheduler that wait for a session's next turn; they are busy.",
      labelNames: ['profile'],
      ...make,
      collect() {
        this.reset();
        for (const { profile, held } of workers()) if (held) this.inc({ profile });
      },
    });
    this.enrolments = new Counter({
      name: 'remuda_enrolments_total',
      help: 'Pods that asked to become workers: `enrolled`, or the code of the refusal.',
      labelNames: ['outcome'],
      ...make,
    });
    this.#ended = new Counter({
      name: 'remuda_jobs_ended_total',
      help: 'Jobs that are over.',
      labelNames: ['profile', 'state', 'code'],
      ...make,
    });
    this.#requeued = new Counter({
      name: 'remuda_jobs_requeued_total',
      help: 'Jobs that went back to their queue.',
      labelNames: ['profile', 'counted'],
      ...make,
    });
    this.#wait = new Histogram({
      name: 'remuda_job_wait_seconds',
      help: 'Time from submission (or the requested start) to the claim.',
      labelNames: ['profile', 'start'],
      buckets: seconds,
      ...make,
    });
    this.#firstToken = new Histogram({
      name: 'remuda_job_first_token_seconds',
      help: 'Time from submission to the first token of the model.',
      labelNames: ['profile', 'start'],
      buckets: seconds,
      ...make,
    });
    this.#duration = new Histogram({
      name: 'remuda_job_duration_seconds',
      help: 'Time from the claim to the end.',
      labelNames: ['profile', 'state'],
      buckets: seconds,
      ...make,
    });
    this.#ready = new Histogram({
      name: 'remuda_worker_ready_seconds',
      help: 'Time from the start of a container to a warm worker.',
      labelNames: ['profile'],
      buckets: seconds,
      ...make,
    });
    this.enrolCertificateEnds = timestampGauge(
      registry,
      'remuda_enrol_certificate_not_after_timestamp_seconds',
      'When the certificate of the address at which pods enrol expires.',
    );
    poolGauges(registry, pools);
    tenantGauges(registry, tenants);
    new Gauge({
      name: 'remuda_dead_letters',
      help: 'Failed jobs that need a person.',
      ...make,
      async collect() {
        const waiting = await deadLetters().catch(() => undefined);
        if (waiting === undefined) this.remove();
        else this.set(waiting);
      },
    });
  }

  ready(profile: string, ms: number): void {
    this.#ready.observe({ profile }, ms / 1000);
  }

  assigned(job: JobRecord, start: Start, now: number): void {
    const waitMs = Math.max(0, now - couldStartAt(job));
    this.#wait.observe({ profile: job.spec.profile, start: start.kind }, waitMs / 1000);
  }

  settled(job: JobRecord, ending: Ending, now: number, firstTokenAt?: number): void {
    const { profile } = job.spec;
    if (ending.state === 'queued') {
      this.#requeued.inc({ profile, counted: String(ending.usage === 'failures') });
      return;
    }
    this.#ended.inc({ profile, state: ending.state, code: ending.failure?.code ?? 'none' });
    const { claimedAt, queuedAt, redrivenAt = 0 } = job.times;
    if (claimedAt !== undefined) this.#duration.observe({ profile, state: ending.state }, (now - claimedAt) / 1000);
    if (firstTokenAt !== undefined)
      this.#firstToken.observe(
        { profile, start: job.start?.kind ?? 'unknown' },
        Math.max(0, firstTokenAt - Math.max(queuedAt, redrivenAt)) / 1000,
      );
  }
}
