import { vitalScript } from '../script/script.js';

/**
 * Forgets jobs that are over, the one first that was over first: those that are old enough, and while all together take more than they may, others
 * too. Nothing is left of them: keys, places in indexes, BullMQ's shell. One whose place in its queue is locked is about to leave it, and stays.
 * KEYS: over, retained bytes, jobs, dead letters, ttl, unplaced, cancels. ARGV: latest end of those that are old enough, most bytes or '',
 * most jobs at once, what stands before and behind an id in the key of a record, what stands before a label in the key of its index, what
 * stands before and behind a profile's name in its queue's keys, names of a job's other keys behind its record's.
 * Gives the number of those that were forgotten.
 */
export const forgetScript = vitalScript(`
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
local aged = #ids > 0
if not aged and ARGV[2] ~= '' then ids = redis.call('ZRANGE', KEYS[1], 0, ARGV[3] - 1) end
local forgotten = 0
for _, id in ipairs(ids) do
  if not aged and tonumber(redis.call('GET', KEYS[2]) or 0) <= tonumber(ARGV[2]) then return forgotten end
  local job = ARGV[4] .. id .. ARGV[5]
  local at = redis.call('HMGET', job, 'bytes', 'labels', 'profile')
  local queue = ARGV[7] .. (at[3] or '') .. ARGV[8]
  if redis.call('EXISTS', queue .. id .. ':lock') == 0 then
    redis.call('LREM', queue .. 'wait', 1, id)
    for _, line in ipairs({'completed', 'failed', 'prioritized', 'delayed'}) do redis.call('ZREM', queue .. line, id) end
    redis.call('UNLINK', queue .. id, queue .. id .. ':logs')
    for _, label in ipairs(cjson.decode(at[2] or '[]')) do redis.call('ZREM', ARGV[6] .. label, id) end
    for i = 9, #ARGV do redis.call('UNLINK', job .. ARGV[i]) end
    redis.call('UNLINK', job)
    redis.call('ZREM', KEYS[1], id)
    for k = 3, #KEYS do redis.call('ZREM', KEYS[k], id) end
    redis.call('INCRBY', KEYS[2], -(at[1] or 0))
    forgotten = forgotten + 1
  end
end
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('DEL', KEYS[2]) end
return forgotten
`);

/**
 * Looks at some places of the list of all jobs, whatever their jobs wait for: one without a record is taken out, one that is over and not
 * written down as such is. KEYS: jobs, over. ARGV: rank of the first, how many, what stands before and behind an id in the key of a record.
 * Gives the rank at which to go on, or 0 at the end.
 */
export const checkJobsScript = vitalScript(`
local ids = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[1] + ARGV[2] - 1)
local stay = 0
for _, id in ipairs(ids) do
  local at = redis.call('HMGET', ARGV[3] .. id .. ARGV[4], 'state', 'overAt')
  if not at[1] then
    redis.call('ZREM', KEYS[1], id)
  else
    stay = stay + 1
    if at[2] and not redis.call('ZSCORE', KEYS[2], id) then redis.call('ZADD', KEYS[2], at[2], id) end
  end
end
if #ids < tonumber(ARGV[2]) then return 0 end
return ARGV[1] + stay
`);
