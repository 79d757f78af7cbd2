import { defaultTenant } from '@remuda/domain';
import type { Database } from '../../redis/database.js';
import { namespace } from '../cluster.js';

export const jobPrefix = `{${namespace}}:job:`;
export const workerPrefix = `{${namespace}}:worker:`;
export const grantPrefix = `{${namespace}}:bridge:`;
export const linePrefix = `{${namespace}}:wk:`;
export const tenantPrefix = `{${namespace}}:tenant:`;
export const sessionPrefix = `{${namespace}}:session:`;
export const haltsKey = `{${namespace}}:halts`;
export const schedulersKey = `{${namespace}}:schedulers`;
export const workersKey = `{${namespace}}:workers`;

/** What is looked at, and the first promise that was found broken. */
export class Sight {
  db!: Database;
  broken: string | undefined;

  constructor(
    readonly tell: () => ((line: string) => void) | undefined,
    readonly now: () => number,
  ) {}

  /** The tenant of a job, by its record. */
  tenantOf(job: string): string {
    return this.db.hash(jobPrefix + job)?.get('tenant') ?? defaultTenant;
  }

  break(what: string): void {
    this.broken ??= what;
  }
}
