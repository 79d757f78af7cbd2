import { defaultTenant } from '@remuda/domain';
import { isHeldState } from '../jobs/states.lua.js';
import { defineScript } from '../script/define-script.js';

/**
 * Deletes jobs that are over, oldest first: those of `index` that ended by `before`, and, while all of them take more
 * than `mostBytes` ('' for no limit), others too; at most `mostJobs` per call. Everything of a job goes: its keys, its
 * entries in indexes, BullMQ's data. A job whose place in its queue is locked is about to leave the queue, and stays
 * until then. With `isArchived` '1', one stays until it is archived, and dead letters leave the index of those that are
 * over: they are kept for longer, by an index of their own. The `before…` and `behind…` arguments are the parts of keys around an id, a label or a profile; `ends`
 * are the suffixes of a job's other keys after its record's. Returns the number of deleted jobs.
 */
export const forgetScript = defineScript(
  {
    keys: ['index', 'over', 'retained', 'jobs', 'deadLetters', 'ttl', 'unplaced', 'cancels'],
    args: [
      ...(['before', 'mostBytes', 'mostJobs', 'isArchived', 'beforeJob', 'behindJob', 'beforeLabel'] as const),
      ...(['beforeQueue', 'behindQueue'] as const),
    ],
    rest: 'ends',
    whenFull: true,
  },
  `
local ids = redis.call('ZRANGEBYSCORE', indexKey, '-inf', before, 'LIMIT', 0, mostJobs)
local aged = #ids > 0
if not aged and mostBytes ~= '' then ids = redis.call('ZRANGE', indexKey, 0, mostJobs - 1) end
local forgotten = 0
for _, id in ipairs(ids) do
  if not aged and tonumber(redis.call('GET', retainedKey) or 0) <= tonumber(mostBytes) then return forgotten end
  local job = beforeJob .. id .. behindJob
  local at = redis.call('HMGET', job, 'bytes', 'labels', 'profile', 'seq', 'archived')
  local queue = beforeQueue .. (at[3] or '') .. behindQueue
  local waits = isArchived == '1' and at[4] ~= at[5]
  if isArchived == '1' and indexKey ~= deadLettersKey and redis.call('ZSCORE', deadLettersKey, id) then
    redis.call('ZREM', indexKey, id)
    forgotten = forgotten + 1
  elseif not waits and redis.call('EXISTS', queue .. id .. ':lock') == 0 then
    for _, line in ipairs({'wait', 'active'}) do redis.call('LREM', queue .. line, 1, id) end
    redis.call('SREM', queue .. 'stalled', id)
    for _, line in ipairs({'completed', 'failed', 'prioritized', 'delayed'}) do redis.call('ZREM', queue .. line, id) end
    redis.call('UNLINK', queue .. id, queue .. id .. ':logs')
    for _, label in ipairs(cjson.decode(at[2] or '[]')) do redis.call('ZREM', beforeLabel .. label, id) end
    for _, ending in ipairs(ends) do redis.call('UNLINK', job .. ending) end
    redis.call('UNLINK', job)
    for _, index in ipairs({overKey, jobsKey, deadLettersKey, ttlKey, unplacedKey, cancelsKey}) do redis.call('ZREM', index, id) end
    redis.call('INCRBY', retainedKey, -(at[1] or 0))
    forgotten = forgotten + 1
  end
end
if redis.call('ZCARD', overKey) + redis.call('ZCARD', deadLettersKey) == 0 then redis.call('DEL', retainedKey) end
return forgotten
`,
);

/**
 * Checks `count` entries of the index of all jobs, from the rank `first` on: removes entries without a record, and
 * indexes jobs that are over and are indexed neither as such nor as dead letters. Those that wait or run count as such
 * of their tenant. Returns the rank at which to continue, or 0 at the end.
 */
export const checkJobsScript = defineScript(
  {
    keys: ['jobs', 'over', 'deadLetters'],
    args: ['first', 'count', 'beforeJob', 'behindJob', 'beforeTenant'],
    include: [isHeldState],
    whenFull: true,
  },
  `
local ids = redis.call('ZRANGE', jobsKey, first, first + count - 1)
local stay = 0
for _, id in ipairs(ids) do
  local at = redis.call('HMGET', beforeJob .. id .. behindJob, 'state', 'overAt', 'tenant')
  local counts = at[1] == 'queued' and ':waiting' or isHeld(at[1]) and ':running'
  if counts then redis.call('SADD', beforeTenant .. (at[3] or '${defaultTenant}') .. counts, id) end -- rule: counted
  if not at[1] then
    redis.call('ZREM', jobsKey, id)
  else
    stay = stay + 1
    local indexed = redis.call('ZSCORE', overKey, id) or redis.call('ZSCORE', deadLettersKey, id)
    if at[2] and not indexed then redis.call('ZADD', overKey, at[2], id) end
  end
end
if #ids < tonumber(count) then return 0 end
return first + stay
`,
);
