import { defineScript } from '../script/define-script.js';

/**
 * Forgets jobs that are over, the one first that was over first: those whose end was by `before`, and while all together take more than
 * `mostBytes` ('' for no limit), others too; `mostJobs` in one step. Nothing is left of them: keys, places in indexes, BullMQ's shell. One
 * whose place in its queue is locked is about to leave it, and stays. The keys of a record, of a label's index and of a profile's queue
 * have the id, the label and the profile between, or behind, what is given; `ends` are what a job's other keys have behind its record's.
 * Gives the number of those that were forgotten.
 */
export const forgetScript = defineScript(
  {
    keys: ['over', 'retained', 'jobs', 'deadLetters', 'ttl', 'unplaced', 'cancels'],
    args: [
      ...(['before', 'mostBytes', 'mostJobs', 'beforeJob', 'behindJob', 'beforeLabel'] as const),
      ...(['beforeQueue', 'behindQueue'] as const),
    ],
    rest: 'ends',
    whenFull: true,
  },
  `
local ids = redis.call('ZRANGEBYSCORE', overKey, '-inf', before, 'LIMIT', 0, mostJobs)
local aged = #ids > 0
if not aged and mostBytes ~= '' then ids = redis.call('ZRANGE', overKey, 0, mostJobs - 1) end
local forgotten = 0
for _, id in ipairs(ids) do
  if not aged and tonumber(redis.call('GET', retainedKey) or 0) <= tonumber(mostBytes) then return forgotten end
  local job = beforeJob .. id .. behindJob
  local at = redis.call('HMGET', job, 'bytes', 'labels', 'profile')
  local queue = beforeQueue .. (at[3] or '') .. behindQueue
  if redis.call('EXISTS', queue .. id .. ':lock') == 0 then
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
if redis.call('ZCARD', overKey) == 0 then redis.call('DEL', retainedKey) end
return forgotten
`,
);

/**
 * Looks at `count` places of the list of all jobs from the rank `first` on, whatever their jobs wait for: one without a record is taken out,
 * one that is over and not written down as such is. Gives the rank at which to go on, or 0 at the end.
 */
export const checkJobsScript = defineScript(
  { keys: ['jobs', 'over'], args: ['first', 'count', 'beforeJob', 'behindJob'], whenFull: true },
  `
local ids = redis.call('ZRANGE', jobsKey, first, first + count - 1)
local stay = 0
for _, id in ipairs(ids) do
  local at = redis.call('HMGET', beforeJob .. id .. behindJob, 'state', 'overAt')
  if not at[1] then
    redis.call('ZREM', jobsKey, id)
  else
    stay = stay + 1
    if at[2] and not redis.call('ZSCORE', overKey, id) then redis.call('ZADD', overKey, at[2], id) end
  end
end
if #ids < tonumber(count) then return 0 end
return first + stay
`,
);
