import type { JobState, TenantRules } from '@remuda/domain';
import type { Database, Onlooker } from '../../redis/database.js';
import { JobPromises, watchedOfJobs } from './jobs.js';
import type { Copies } from '../memory.js';
import { SessionPromises } from './sessions.js';
import { grantPrefix, jobPrefix, linePrefix, sessionPrefix, Sight, workerPrefix } from './sight.js';
import { TenantPromises } from './tenants.js';
import { WorkerPromises } from './workers.js';

/** How a worker says that it is free, in an entry of its own stream. */
const freeWord = '"kind":"phase","phase":"idle"';

/** Looks at every change of the store, and names the first promise that is broken. */
export class Invariants implements Onlooker {
  readonly jobs: JobPromises;
  readonly workers: WorkerPromises;
  readonly sessions: SessionPromises;
  readonly tenants: TenantPromises;
  readonly #sight: Sight;

  constructor(
    max: ReadonlyMap<string, number>,
    rules: TenantRules,
    copies: Copies,
    tell: () => ((line: string) => void) | undefined,
    now: () => number,
  ) {
    this.#sight = new Sight(tell, now);
    this.sessions = new SessionPromises(copies, this.#sight, max);
    this.jobs = new JobPromises(this.sessions, this.#sight);
    this.tenants = new TenantPromises(max, rules, this.#sight);
    this.workers = new WorkerPromises(max, this.jobs, this.sessions, this.#sight);
  }

  /** The store that is looked at. */
  set db(db: Database) {
    this.#sight.db = db;
  }

  get broken(): string | undefined {
    return this.#sight.broken;
  }

  onHash(key: string, field: string, before: string | undefined, after: string | undefined): void {
    if (key.startsWith(jobPrefix)) this.#onJob(key.slice(jobPrefix.length), field, before, after);
    else if (key.startsWith(sessionPrefix))
      this.sessions.onField(key.slice(sessionPrefix.length), field, before, after);
    else if (field === 'job' && key.startsWith(grantPrefix)) this.jobs.onGrant(key, after ?? '');
    else if ((field === 'job' || field === 'phase') && key.startsWith(workerPrefix))
      this.workers.onField(key.slice(workerPrefix.length), field, before, after);
  }

  #onJob(name: string, field: string, before: string | undefined, after: string | undefined): void {
    if (field === 'state') {
      this.tenants.onState(name, before as JobState | undefined, after as JobState);
      this.sessions.onJob(name, after as JobState);
    }
    if (watchedOfJobs.has(field)) this.jobs.onField(name, field, before, after);
    else if (field === 'worker' && after !== undefined) this.workers.onAssigned(name, after);
    else if (field === 'session' && after !== undefined) this.sessions.onAccepted(name, after);
    else if (field === 'snapshot' && after !== undefined) this.sessions.onSnapshot(name, after);
    // the last field that an assignment writes
    else if (field === 'grant' && after !== undefined) this.workers.onAssigner(name);
  }

  onEntry(key: string, id: string, fields: readonly string[]): void {
    if (key.startsWith(jobPrefix) && key.endsWith(':events'))
      this.jobs.onEvents(key.slice(jobPrefix.length, -7), id, fields);
    else if (key.startsWith(linePrefix) && key.endsWith(':out') && fields[1]?.includes(freeWord) === true)
      this.workers.onFree(key.slice(linePrefix.length, -4));
  }

  onText(key: string, before: string | undefined, value: string): void {
    if (key.startsWith(workerPrefix) && key.endsWith(':owner')) this.workers.onOwner(key, before, value);
    if (key.startsWith(jobPrefix) && key.endsWith(':result'))
      this.jobs.onResult(key.slice(jobPrefix.length, -':result'.length), value);
  }

  onClaim(...claim: Parameters<Onlooker['onClaim']>): void {
    this.tenants.onClaim(...claim);
    this.workers.onClaim(...claim);
  }

  onUnknown(what: string): void {
    this.#sight.break(what);
  }
}
