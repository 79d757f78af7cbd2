import { isHeld, ruleOf, type JobState, type TenantRules } from '@remuda/domain';
import type { Onlooker } from '../../redis/database.js';
import { jobPrefix, tenantPrefix, type Sight } from './sight.js';

/** A tenant that waits for its first job of a profile to be taken, and how many jobs of others were taken before. */
interface Newcomer {
  /** Jobs of each other tenant that were taken since. */
  readonly before: Map<string, number>;
}

/** What is promised of tenants: their limits, and that nobody waits for all jobs of somebody else. */
export class TenantPromises {
  /** By tenant, its jobs that are held. */
  readonly #held = new Map<string, Set<string>>();
  /** By tenant and profile, those that have had no job taken yet. */
  readonly #newcomers = new Map<string, Newcomer>();
  readonly #known = new Set<string>();

  constructor(
    private readonly max: ReadonlyMap<string, number>,
    private readonly rules: TenantRules,
    private readonly sight: Sight,
  ) {}

  /** A job's state has changed. */
  onState(job: string, before: JobState | undefined, after: JobState): void {
    const tenant = this.sight.tenantOf(job);
    let held = this.#held.get(tenant);
    if (!held) this.#held.set(tenant, (held = new Set()));
    if (isHeld(after)) held.add(job);
    else held.delete(job);
    const { running = Infinity } = ruleOf(this.rules, tenant);
    if (held.size > running)
      this.sight.break(`${tenant} has ${String(held.size)} jobs running, and may have ${String(running)}`);
    // A turn of a session goes to the worker that waits for it, whoever else waits.
    const isTurn = this.sight.db.hash(jobPrefix + job)?.has('session') === true;
    if (after === 'assigned' && before === 'queued' && !isTurn) this.#onTaken(job, tenant);
  }

  /** A job was claimed; only those that waited in line tell of turns. */
  onClaim(...[{ queue, job, givenBack }]: Parameters<Onlooker['onClaim']>): void {
    if (!queue.includes(':jobs.') || givenBack) return;
    const profile = this.#profileOf(job);
    // Who waits in line at this moment, without a job taken before.
    for (const other of this.sight.db.sorted(`${queue}:prioritized`).keys()) {
      const key = `${this.sight.tenantOf(other)} ${profile}`;
      if (!this.#known.has(key)) {
        this.#known.add(key);
        this.#newcomers.set(key, { before: new Map() });
      }
    }
    this.#known.add(`${this.sight.tenantOf(job)} ${profile}`);
    this.#newcomers.delete(`${this.sight.tenantOf(job)} ${profile}`);
  }

  /** What must be so when all jobs are over. */
  atEnd(): string | undefined {
    for (const tenant of this.#held.keys()) {
      for (const which of ['waiting', 'running']) {
        const [job] = this.sight.db.set(`${tenantPrefix}${tenant}:${which}`);
        if (job !== undefined) return `${job} is over, and counts as ${which} of ${tenant}`;
      }
      const reserved = Number(this.sight.db.hash(`${tenantPrefix}${tenant}:spent`)?.get('reserved') ?? 0);
      if (reserved !== 0) return `${tenant} has ${String(reserved)} reserved, and no jobs`;
    }
    return undefined;
  }

  #onTaken(job: string, tenant: string): void {
    const profile = this.#profileOf(job);
    for (const [key, { before }] of this.#newcomers) {
      const [other = '', of] = key.split(' ');
      if (of !== profile || other === tenant || ruleOf(this.rules, other).running !== undefined) continue;
      const count = (before.get(tenant) ?? 0) + 1;
      before.set(tenant, count);
      // One each that was being given out already, and its own turn.
      if (count > (this.max.get(profile) ?? 0) + 1)
        this.sight.break(`${String(count)} jobs of ${tenant} began while the first one of ${other} waited`);
    }
  }

  #profileOf(job: string): string {
    return this.sight.db.hash(jobPrefix + job)?.get('profile') ?? '';
  }
}
