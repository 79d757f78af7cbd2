import { modelCount } from '@remuda/protocol';
import { defineScript, type Fragment } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';

/** Writes a reservation: its amount, and when it expires. */
const write: Fragment = {
  needs: [nowMs],
  lua: `
local function write(key, reservation, microUsd, endsAfterMs, keyEndsAfterMs)
  redis.call('HSET', key, reservation, string.format('%.0f:%.0f', microUsd, nowMs() + endsAfterMs))
  redis.call('PEXPIRE', key, keyEndsAfterMs)
end`,
};

/**
 * Reserves a part of a job's budget, in one step for all bridges. A reservation expires unless it is renewed, so that
 * a bridge that dies does not block the budget for long. A request without others in flight takes what is left, if
 * that is enough to begin with.
 *
 * `budget`, `most` and `least` are micro-dollars. Returns {'reserved', micro-dollars}, {'full'} while others are in
 * flight, or {'spent'}.
 */
export const reserveScript = defineScript(
  {
    keys: ['model', 'reservations'],
    args: ['reservation', 'budget', 'most', 'least', 'endsAfterMs', 'keyEndsAfterMs'],
    include: [nowMs, write],
    whenFull: true,
  },
  `
local spent = tonumber(redis.call('HGET', modelKey, '${modelCount.costMicroUsd}') or 0)
if spent >= tonumber(budget) then return {'spent'} end
local reserved, others, now = 0, false, nowMs()
local held = redis.call('HGETALL', reservationsKey)
for i = 1, #held, 2 do
  local amount, ends = string.match(held[i + 1], '^(%d+):(%d+)$')
  if tonumber(ends) > now then
    reserved = reserved + tonumber(amount)
    others = true
  else
    redis.call('HDEL', reservationsKey, held[i])
  end
end
local left = budget - spent - reserved
local take = tonumber(most)
if take > left then
  if others then return {'full'} end
  if tonumber(least) > left then return {'spent'} end
  take = math.floor(left)
end
write(reservationsKey, reservation, take, endsAfterMs, keyEndsAfterMs)
return {'reserved', take}
`,
);

/** Renews a reservation of this many micro-dollars. */
export const renewScript = defineScript(
  {
    keys: ['reservations'],
    args: ['reservation', 'microUsd', 'endsAfterMs', 'keyEndsAfterMs'],
    include: [write],
    whenFull: true,
  },
  `
write(reservationsKey, reservation, microUsd, endsAfterMs, keyEndsAfterMs)
return 1
`,
);
