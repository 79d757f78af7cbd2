import { defaultTenant, type TenantJobs } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';

/** Tenants per script: about a ms. */
const stride = 1_000;

/** Counts the jobs of tenants: two numbers for each. */
const countScript = defineScript(
  { keys: ['tenants'], args: ['beforeTenant'], rest: 'names', whenFull: true },
  `
local counts = {}
for _, name in ipairs(names) do
  counts[#counts + 1] = redis.call('SCARD', beforeTenant .. name .. ':waiting')
  counts[#counts + 1] = redis.call('SCARD', beforeTenant .. name .. ':running')
end
return counts
`,
);

/** How many jobs of each tenant wait (also those with a later start) and run; of those that have any. */
export async function readTenantJobs(connection: RedisConnection, keys: RedisKeys): Promise<readonly TenantJobs[]> {
  const redis = clientOf(connection);
  const names = [defaultTenant, ...(await redis.hkeys(keys.tenantLines))];
  const found: TenantJobs[] = [];
  for (let from = 0; from < names.length; from += stride) {
    const page = names.slice(from, from + stride);
    const call = { keys: { tenants: keys.tenantLines }, args: { beforeTenant: keys.tenant('') }, rest: page };
    const counts = (await countScript.run(redis, call)) as readonly number[];
    found.push(...page.map((tenant, i) => ({ tenant, waiting: counts[2 * i] ?? 0, running: counts[2 * i + 1] ?? 0 })));
  }
  return found.filter(({ waiting, running }) => waiting + running > 0);
}
