import { messageFormats } from '@remuda/protocol';
import { retireLua } from '../retention/over.lua.js';
import { vitalScript } from '../script/script.js';

/** What both scripts call the same. */
const retired = {
  id: 'ARGV[1]',
  now: 'ARGV[2]',
  keys: ['KEYS[1]', 'KEYS[2]', 'KEYS[3]', 'KEYS[4]', 'KEYS[5]', 'KEYS[8]'],
};

/**
 * Cancels a job wherever it is. A queued one is over at once; of a held one the worker is told.
 * KEYS: job, prompt, events, result, model, ttl, unplaced, attempts, secrets, cancels, over, retained bytes. ARGV: id, now, event if over, event if requested,
 * ms until its keys end, control key prefix, control key suffix, failure.
 * Gives {'unknown'}, {'over', state}, {'cancelled', profile} or {'requested', worker}.
 */
export const cancelScript = vitalScript(`
local at = redis.call('HMGET', KEYS[1], 'state', 'profile', 'worker', 'lease', 'cancelRequestedAt', 'attempt')
local state = at[1]
if not state then return {'unknown'} end
if state == 'succeeded' or state == 'failed' or state == 'cancelled' then return {'over', state} end
if state == 'queued' then
  redis.call('HSET', KEYS[1], 'state', 'cancelled', 'overAt', ARGV[2], 'failure', ARGV[8])
  redis.call('HDEL', KEYS[1], 'wakeAt')
  local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
  redis.call('XADD', KEYS[3], seq .. '-0', 'n', 1, 'a', at[6] or 0, 'd', ARGV[3])
  redis.call('ZREM', KEYS[6], ARGV[1])
  redis.call('ZREM', KEYS[7], ARGV[1])
  redis.call('ZREM', KEYS[10], ARGV[1])
  redis.call('DEL', KEYS[9])
${retireLua({ ...retired, ttl: 'ARGV[5]', over: 'KEYS[11]', retained: 'KEYS[12]' })}
  return {'cancelled', at[2]}
end
if not at[5] then
  redis.call('HSET', KEYS[1], 'cancelRequestedAt', ARGV[2])
  redis.call('ZADD', KEYS[10], ARGV[2], ARGV[1])
  local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
  redis.call('XADD', KEYS[3], seq .. '-0', 'n', 1, 'a', at[6], 'd', ARGV[4])
  redis.call('XADD', ARGV[6] .. at[3] .. ARGV[7], 'MAXLEN', 1000, '*', 'd', cjson.encode({v = ${String(messageFormats.own)}, kind = 'cancel', job = ARGV[1], lease = tonumber(at[4])}))
end
return {'requested', at[3]}
`);

/**
 * Ends a job that still waits in its queue: expired, or impossible to start. Its place there goes with it, in the same step: a moment
 * later it might be that of a redrive. One that is being claimed at this moment stays, and whoever has claimed it finds that it is over.
 * KEYS: job, prompt, events, result, model, ttl, unplaced, attempts, dead letters, secrets, cancels, place, its logs, and where places
 * are lined up: wait, prioritized, delayed; over, retained bytes. ARGV: id, now, event, ms until its keys end, failure, 1 for a dead letter.
 * Gives 1, or 0 where the job is no longer queued.
 */
export const failQueuedScript = vitalScript(`
local at = redis.call('HMGET', KEYS[1], 'state', 'attempt')
redis.call('ZREM', KEYS[6], ARGV[1])
if at[1] ~= 'queued' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'failed', 'overAt', ARGV[2], 'failure', ARGV[5])
redis.call('HDEL', KEYS[1], 'wakeAt')
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[3], seq .. '-0', 'n', 1, 'a', at[2] or 0, 'd', ARGV[3])
redis.call('ZREM', KEYS[7], ARGV[1])
if ARGV[6] == '1' then redis.call('ZADD', KEYS[9], ARGV[2], ARGV[1]) end
redis.call('DEL', KEYS[10])
redis.call('ZREM', KEYS[11], ARGV[1])
local places = redis.call('LREM', KEYS[14], 1, ARGV[1]) + redis.call('ZREM', KEYS[15], ARGV[1]) + redis.call('ZREM', KEYS[16], ARGV[1])
if places > 0 then redis.call('DEL', KEYS[12], KEYS[13]) end
${retireLua({ ...retired, ttl: 'ARGV[4]', over: 'KEYS[17]', retained: 'KEYS[18]' })}
return 1
`);
