import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { history } from '../stores.js';
import type { History, HistoryCount } from './history.js';

/** Figures of the archive. Without one its gauges have no value. */
@Injectable()
export class HistoryMetrics {
  constructor(
    private readonly registry: Registry,
    @Inject(history) private readonly kept: History | undefined,
  ) {
    this.gauge('remuda_archive_up', '1 if the database of the archive is open, else 0.', ({ store }) =>
      Promise.resolve(store.fault ? 0 : 1),
    );
    this.gauge(
      'remuda_archive_lag_seconds',
      'Age of the oldest end of a job that is not archived yet; 0 if all are.',
      async ({ lag }) => (await lag()).ms / 1_000,
    );
    this.gauge(
      'remuda_archive_waiting_jobs',
      'Ends of jobs that are not archived yet.',
      async ({ lag }) => (await lag()).jobs,
    );
    this.counter('remuda_archived_jobs_total', 'Jobs archived by this process.', 'jobs');
    this.counter('remuda_archived_events_total', 'Events archived by this process.', 'events');
    this.counter('remuda_archived_audit_total', 'Requests of the audit log archived by this process.', 'audit');
  }

  /** No value while Redis does not answer. */
  private gauge(name: string, help: string, valueOf: (kept: History) => Promise<number>): void {
    const { kept } = this;
    new Gauge({
      ...{ name, help, registers: [this.registry] },
      async collect() {
        const value = kept && (await valueOf(kept).catch(() => undefined));
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  private counter(name: string, help: string, what: keyof HistoryCount): void {
    const { kept } = this;
    new Counter({
      ...{ name, help, registers: [this.registry] },
      collect() {
        this.reset();
        this.inc(kept?.count[what] ?? 0);
      },
    });
  }
}
