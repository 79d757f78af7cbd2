import type { Redis } from 'ioredis';
import {
  RemudaError,
  defaultTenant,
  type Clock,
  type Idempotency,
  type NewEvent,
  type NewJob,
  type SecretSeal,
  type TenantLimit,
  type TenantRule,
} from '@remuda/domain';
import type { RedisKeys } from '../keys.js';
import { translateRedisError } from '../connection/redis-error.js';
import { Groups } from './groups.js';
import { placeKeys, queuedJob, storedOptions } from '../queue/placing.js';
import { passOver } from '../connection/queue-log.js';
import { limitReached, refusalArgsOf, type SubmitLimits } from '../tenants/submit-limits.js';
import { LargeArguments } from '../script/large-arguments.js';
import { submitScript, withdrawScript } from './submit.lua.js';

/** Outcome of a submission: its jobs are new, or its key was already used with the same or another body. */
export type Submitted = readonly [verdict: 'new' | 'repeated' | 'conflict', ids?: string];

/** The same, or the limit that the tenant has reached. */
type Written = Submitted | readonly [verdict: 'limited', limit: TenantLimit];

/** This many jobs do not wait for others: while Redis writes them, the next ones are read and checked. */
const groupOf = 16;

/** Writes jobs to Redis: records and places in one step. */
export class Submissions {
  readonly #groups: Groups<NewJob, true>;
  /** The part of a label index's key before the label. */
  readonly #beforeLabel: string;

  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
    private readonly idempotencyMs: number,
    /** Encrypts secrets; without it jobs that have some are refused. */
    private readonly seal?: SecretSeal,
    private readonly limits?: Pick<SubmitLimits, 'of'>,
  ) {
    this.#beforeLabel = keys.labelled('');
    this.#groups = new Groups((jobs) => this.#addGroup(jobs), groupOf);
  }

  /** Accepts all jobs, or none. Jobs of a tenant that has limits are written alone: a refusal is for them only. */
  async add(jobs: readonly NewJob[]): Promise<void> {
    const rule = await this.#ruleOf(jobs);
    if (rule) await this.#addGroup(jobs, rule);
    else await this.#groups.add(jobs);
  }

  /**
   * Accepts all jobs, or none, unless the key was already used. Jobs whose answer was lost stay: with its key the
   * client finds them again.
   */
  async addOnce(jobs: readonly NewJob[], idempotency: Idempotency): Promise<Submitted> {
    const rule = await this.#ruleOf(jobs);
    try {
      return this.#accepted(await this.#write(jobs, idempotency, rule), jobs, rule);
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  /** All jobs of a submission are of one tenant. */
  async #ruleOf([first]: readonly NewJob[]): Promise<TenantRule | undefined> {
    try {
      return await this.limits?.of(first?.tenant ?? defaultTenant);
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  #accepted(written: Written, [first]: readonly NewJob[], rule: TenantRule = {}): Submitted {
    if (written[0] !== 'limited') return written;
    throw limitReached(first?.tenant ?? defaultTenant, written[1], rule, this.clock.now());
  }

  async #addGroup(jobs: readonly NewJob[], rule?: TenantRule): Promise<readonly true[]> {
    let written: Written;
    try {
      written = await this.#write(jobs, undefined, rule);
    } catch (error) {
      await this.#withdraw(jobs);
      throw translateRedisError(error);
    }
    this.#accepted(written, jobs, rule);
    return jobs.map(() => true);
  }

  async #write(jobs: readonly NewJob[], idempotency?: Idempotency, rule?: TenantRule): Promise<Written> {
    const { keys } = this;
    const now = this.clock.now();
    const first = keys.job(jobs[0]?.id ?? '');
    const large = new LargeArguments();
    const each = [];
    for (const job of jobs) {
      const args = large.encoded(submittedArgs(job, now, job.secrets ? await this.#sealed(job) : ''));
      each.push({ keys: submittedKeys(keys, job), args: args instanceof Promise ? await args : args });
    }
    return (await submitScript.run(this.redis, {
      keys: {
        ...{ jobs: keys.jobs, ttl: keys.ttl, firstJob: first, tenants: keys.tenantLines },
        idempotency: idempotency ? keys.idempotency(idempotency.key, idempotency.tenant) : keys.jobs,
        limited: keys.tenant(jobs[0]?.tenant ?? defaultTenant),
      },
      args: {
        ...{ now, fingerprint: idempotency?.fingerprint ?? '', idempotencyMs: this.idempotencyMs },
        ids: idempotency ? JSON.stringify(jobs.map(({ id }) => id)) : '',
        ...{ wakeChannel: keys.wake, wakes: JSON.stringify(wakesOf(jobs, now)), beforeLabel: this.#beforeLabel },
        ...{ count: jobs.length, ...refusalArgsOf(rule, now) },
      },
      each,
    })) as Written;
  }

  async #sealed({ id, secrets = {} }: NewJob): Promise<string> {
    if (!this.seal) throw new RemudaError('config.invalid', 'Without a key no secrets can be kept.');
    return this.seal.seal(secrets, id);
  }

  /** Removes jobs that may have been written. If that fails, they count as submitted. */
  async #withdraw(jobs: readonly NewJob[]): Promise<void> {
    const { keys } = this;
    const ids = jobs.map(({ id }) => id);
    const call = {
      keys: { jobs: keys.jobs, ttl: keys.ttl },
      args: { beforeLabel: this.#beforeLabel },
      each: jobs.map((job) => ({ keys: submittedKeys(keys, job), args: { id: job.id } })),
    };
    await withdrawScript
      .run(this.redis, call)
      .catch(passOver(this.redis, 'jobs of a failed submission could not be removed', { jobs: ids }));
  }
}

/** The keys of a job that is submitted. */
export function submittedKeys(keys: RedisKeys, { id, tenant = defaultTenant, spec }: NewJob) {
  return {
    job: keys.job(id),
    prompt: keys.prompt(id),
    events: keys.events(id),
    secrets: keys.secrets(id),
    place: keys.placed(spec.profile, id),
    ...placeKeys(keys, spec.profile),
    tenantWaiting: `${keys.tenant(tenant)}:waiting`,
    fair: keys.fair(spec.profile),
  };
}

/** The notification for the schedulers: each profile, and how many jobs it got. */
function wakesOf(jobs: readonly NewJob[], now: number): readonly string[] {
  const counts = new Map<string, number>();
  for (const { spec } of jobs)
    if ((spec.runAt ?? now) <= now) counts.set(spec.profile, (counts.get(spec.profile) ?? 0) + 1);
  return [...counts].map(([profile, count]) => `${profile} ${String(count)}`);
}

/** The stored data of a job that is submitted at `now`; its secrets are encrypted, '' for none. */
export function submittedArgs({ id, tenant = defaultTenant, session, spec: asked }: NewJob, now: number, secrets = '') {
  const { prompt, ...spec } = asked;
  const { profile, priority, runAt, ttlMs, webhook } = spec;
  const data = { profile, priority, ...(runAt === undefined ? {} : { runAt }) };
  const event: NewEvent = { type: 'job.queued', at: now, data };
  return {
    ...{ id, tenant: tenant === defaultTenant ? '' : tenant, session: session ?? '' },
    ...{ profile, spec: JSON.stringify(spec), prompt, priority },
    queuedEvents: JSON.stringify([event]),
    deadline: ttlMs === undefined ? '' : Math.max(now, runAt ?? 0) + ttlMs,
    wakeAt: runAt !== undefined && runAt > now ? runAt : '',
    data: JSON.stringify(queuedJob(spec)),
    options: storedOptions(id, spec, now),
    secrets,
    webhook: webhook === undefined ? '' : 1,
    labels: JSON.stringify(Object.entries(spec.labels).map(([key, value]) => `${key}=${value}`)),
  };
}
