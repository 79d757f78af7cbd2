import type { Redis } from 'ioredis';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';
import { enterLine, lineOfRank, prioritiesPerLine } from './lines.lua.js';

/** Lines that are looked at in one step: some ms. */
const mostLines = 2_000;

/**
 * Enters all lines of a profile that have places. One step of each is enough; what a crash between BullMQ's step and
 * ours has left out is found in this way, and so are lines whose limit of dollars has ended.
 */
const relistScript = defineScript(
  {
    keys: ['prioritized', 'fair', 'tenants'],
    include: [enterLine, lineOfRank],
    whenFull: true,
  },
  `
local from = 0
redis.call('DEL', fairKey .. ':parked')
for nth = 1, ${String(mostLines)} do
  local first = redis.call('ZRANGEBYSCORE', prioritizedKey, from, '+inf', 'LIMIT', 0, 1)[1]
  if not first then return nth end
  local line = lineOfRank(redis.call('ZSCORE', prioritizedKey, first) / 0x100000000)
  enterLine(fairKey, tenantsKey, line, redis.call('HGET', tenantsKey .. ':names', line))
  from = (line + 1) * ${String(prioritiesPerLine * 2 ** 32)}
end
`,
);

/** Lets all tenants with jobs in a profile's queue take turns. */
export async function relistLines(redis: Redis, keys: RedisKeys, profile: string): Promise<void> {
  const lines = { fair: keys.fair(profile), tenants: keys.tenantLines };
  await relistScript.run(redis, { keys: { prioritized: keys.placed(profile, 'prioritized'), ...lines }, args: {} });
}
