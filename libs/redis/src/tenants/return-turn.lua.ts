import { defineScript } from '../script/define-script.js';
import { correctLine, enterLine, lineOfRank } from './lines.lua.js';

/**
 * After BullMQ has put a job back into its queue: its tenant's line gets back what it was charged for a turn that came
 * to nothing, and takes turns again. Sent again, it changes nothing.
 */
export const returnTurnScript = defineScript(
  {
    keys: ['job', 'place', 'prioritized', 'fair', 'tenants'],
    args: ['id'],
    include: [correctLine, enterLine, lineOfRank],
    whenFull: true,
  },
  `
local rank = tonumber(redis.call('HGET', placeKey, 'priority') or 0)
local line = lineOfRank(rank)
local charged = redis.call('HGET', jobKey, 'charged')
if charged then
  correctLine(fairKey, line, -charged)
  redis.call('HDEL', jobKey, 'charged')
end
if redis.call('ZSCORE', prioritizedKey, id) then
  enterLine(fairKey, tenantsKey, line, redis.call('HGET', tenantsKey .. ':names', line))
end
`,
);
