import { defineScript } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';
import { priorityScore } from './score.lua.js';
import { enterLine, lineOfRank, takeTurn } from '../tenants/lines.lua.js';

/**
 * Claims the first job of a profile's queue, and returns its record and prompt with it: one that was given back, or the
 * first of the tenant whose turn it is. While only the tenant `default` has had jobs of the profile, there are no turns.
 * What the tenant was charged for its turn is noted in the record (`charged`).
 *
 * It leaves what BullMQ's own `moveToActive` would; a test compares them. Left out is what a profile's queue does not
 * use: rate limits, a concurrency limit, blocking consumers, and BullMQ's event stream, which nobody reads.
 *
 * The keys are BullMQ's: jobs that were given back, active, prioritized and delayed ones, the priority counter, the
 * queue's metadata, and the prefix of a place's key; `fair` and `tenants` have the turns. The last four arguments are the parts of the keys of a record and
 * of a prompt before and after an id.
 *
 * Returns nothing, or the id, when the job got its place, the time of the claim, the record as fields and values, and
 * the prompt, if there is one.
 */
export const claimScript = defineScript(
  {
    keys: ['wait', 'active', 'prioritized', 'delayed', 'priorityCounter', 'meta', 'places', 'fair', 'tenants'],
    args: ['lock', 'lockMs', 'scheduler', 'beforeJob', 'behindJob', 'beforePrompt', 'behindPrompt'],
    include: [nowMs, priorityScore, enterLine, lineOfRank, takeTurn],
  },
  `
if redis.call('HEXISTS', metaKey, 'paused') == 1 then return end
local now = nowMs()
local due = redis.call('ZRANGEBYSCORE', delayedKey, 0, (now + 1) * 0x1000 - 1, 'LIMIT', 0, 1000)
for _, id in ipairs(due) do
  redis.call('ZREM', delayedKey, id)
  local priority = tonumber(redis.call('HGET', placesKey .. id, 'priority') or 0)
  if priority == 0 then
    redis.call('LPUSH', waitKey, id)
  else
    local count, line = redis.call('INCR', priorityCounterKey), lineOfRank(priority)
    redis.call('ZADD', prioritizedKey, scoreOf(priority, count), id)
    enterLine(fairKey, tenantsKey, line, redis.call('HGET', tenantsKey .. ':names', line))
  end
  redis.call('HSET', placesKey .. id, 'delay', 0)
end
local id, turn = redis.call('RPOPLPUSH', waitKey, activeKey), false
if not id then
  local round = redis.call('HGET', fairKey .. ':prices', 'round')
  if round then -- rule: turns
    turn = takeTurn(fairKey, prioritizedKey, round)
    id = turn and turn[1]
  else
    id = redis.call('ZPOPMIN', prioritizedKey)[1]
  end
  if not id then
    if not round or redis.call('EXISTS', prioritizedKey) == 0 then redis.call('DEL', priorityCounterKey) end
    return
  end
  redis.call('LPUSH', activeKey, id)
end
local place = placesKey .. id
redis.call('SET', place .. ':lock', lock, 'PX', lockMs)
local was = redis.call('HMGET', place, 'timestamp', 'ats')
redis.call('HSET', place, 'processedOn', now, 'pb', scheduler, 'ats', (was[2] or 0) + 1)
local job = beforeJob .. id .. behindJob
local record = redis.call('HGETALL', job)
if turn and record[1] then redis.call('HSET', job, 'charged', turn[2]) end
return {id, was[1] or 0, now, record, redis.call('GET', beforePrompt .. id .. behindPrompt)}
`,
);
