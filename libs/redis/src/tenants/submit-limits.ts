import {
  RemudaError,
  limitEndsAt,
  ruleOf,
  spendingPeriods,
  type Clock,
  type TenantLimit,
  type TenantRule,
  type TenantRules,
} from '@remuda/domain';
import type { RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { readTenantRules } from './rules.js';

/** Rules are read again after this time, in ms. */
const rulesMs = 2_000;
/** When to try again after too many jobs waited, in ms: when some have started is not known. */
const waitingRetryMs = 5_000;

/** What a tenant may submit, as published by the scheduler. */
export class SubmitLimits {
  #rules: Promise<TenantRules> | undefined;
  #readAt = -Infinity;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
  ) {}

  /** The tenant's rules, if they limit what it submits. */
  async of(tenant: string): Promise<TenantRule | undefined> {
    const now = this.clock.monotonic();
    if (!this.#rules || now - this.#readAt >= rulesMs) {
      this.#readAt = now;
      const rules = readTenantRules(this.connection, this.keys);
      this.#rules = rules;
      rules.catch(() => {
        this.#rules = undefined;
      });
    }
    const rule = ruleOf(await this.#rules, tenant);
    const limits = rule.waiting !== undefined || rule.usdPerDay !== undefined || rule.usdPerMonth !== undefined;
    return limits ? rule : undefined;
  }
}

/** The arguments of a submission for these rules; without rules it has no limits. */
export function refusalArgsOf(rule: TenantRule | undefined, now: number) {
  const { waiting: maxWaiting = '', usdPerDay = '', usdPerMonth = '' } = rule ?? {};
  return { maxWaiting, usdPerDay, usdPerMonth, ...spendingPeriods(now) };
}

/** The refusal of a submission because of a limit. */
export function limitReached(tenant: string, limit: TenantLimit, rule: TenantRule, now: number): RemudaError {
  const endsAt = limitEndsAt(limit, now);
  const most = String(rule[limit]);
  const told =
    endsAt === undefined
      ? `may have ${most} jobs waiting at a time (its limit "${limit}"). Submit again when some of them have started`
      : `has spent its ${most} dollars of this ${limit === 'usdPerDay' ? 'day' : 'month'} (its limit "${limit}"), ` +
        `what running jobs have reserved included. The limit counts anew from ${new Date(endsAt).toISOString()} on`;
  const retryAfterMs = endsAt === undefined ? waitingRetryMs : endsAt - now;
  return new RemudaError('tenant.limit_reached', `The tenant ${tenant} ${told}.`, { retryAfterMs });
}
