import { script } from '../script/script.js';

/**
 * Looks through an index of jobs, the latest first, from below a place on, and gives those that fit with their records. Equal times are told
 * apart by id, as the index itself sorts them.
 * KEYS: index. ARGV: time and id of the place or '', most places, most jobs, state or '', profile or '', what stands before and behind an
 * id in the key of a record, and in that of what the bridge counted.
 * Gives id and time of the last place that was looked at, 1 where there is none behind it, then per job: id, time, fields and values of its
 * record, and of what the bridge counted.
 */
export const listScript = script(`
local first, most = 0, tonumber(ARGV[3])
if ARGV[2] ~= '' then
  local at = redis.call('ZSCORE', KEYS[1], ARGV[2])
  if at and tonumber(at) == tonumber(ARGV[1]) then
    first = redis.call('ZREVRANK', KEYS[1], ARGV[2]) + 1
  else
    first = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[1], '+inf')
  end
end
local places = redis.call('ZREVRANGE', KEYS[1], first, first + most - 1, 'WITHSCORES')
local jobs = {ARGV[2], ARGV[1], 0}
for i = 1, #places, 2 do
  local id, at = places[i], places[i + 1]
  if ARGV[2] == '' or tonumber(at) < tonumber(ARGV[1]) or id < ARGV[2] then
    jobs[1], jobs[2] = id, at
    local job = redis.call('HMGET', ARGV[7] .. id .. ARGV[8], 'state', 'profile')
    if job[1] and (ARGV[5] == '' or job[1] == ARGV[5]) and (ARGV[6] == '' or job[2] == ARGV[6]) then
      jobs[#jobs + 1] = {id, at, redis.call('HGETALL', ARGV[7] .. id .. ARGV[8]), redis.call('HGETALL', ARGV[9] .. id .. ARGV[10])}
      if #jobs - 3 == tonumber(ARGV[4]) then return jobs end
    end
  end
end
if #places < 2 * most then jobs[3] = 1 end
return jobs
`);
