import { modelCount } from '@remuda/protocol';
import { nowLua } from '../script/redis-time.js';
import { vitalScript } from '../script/script.js';

/**
 * Reserves a part of a job's budget, in one step for all bridges. What is reserved ends by itself unless it is renewed: a bridge
 * that dies holds nothing for long. A request beside which no other is under way takes what is left, if that is enough to begin with.
 *
 * KEYS: model, reservations. ARGV: reservation, budget, most, least, ms until it ends by itself, ms until the key does.
 * Gives {'reserved', micro-dollars}, {'full'} while others are under way, or {'spent'}.
 */
export const reserveScript = vitalScript(`${nowLua}
local budget, most, least = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local spent = tonumber(redis.call('HGET', KEYS[1], '${modelCount.costMicroUsd}') or 0)
if spent >= budget then return {'spent'} end
local reserved, others = 0, false
local held = redis.call('HGETALL', KEYS[2])
for i = 1, #held, 2 do
  local amount, ends = string.match(held[i + 1], '^(%d+):(%d+)$')
  if tonumber(ends) > now then
    reserved = reserved + tonumber(amount)
    others = true
  else
    redis.call('HDEL', KEYS[2], held[i])
  end
end
local left = budget - spent - reserved
local take = most
if most > left then
  if others then return {'full'} end
  if least > left then return {'spent'} end
  take = math.floor(left)
end
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f:%.0f', take, now + ARGV[5]))
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return {'reserved', take}
`);

/** Renews a reservation. KEYS: reservations. ARGV: reservation, its micro-dollars, ms until it ends by itself, ms until the key does. */
export const renewScript = vitalScript(`${nowLua}
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f:%.0f', ARGV[2], now + ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`);
