import { defineScript } from '../script/define-script.js';

/**
 * Scans an index of jobs, latest first, from below a position, and returns matching jobs with their records. Equal
 * times are ordered by id, as in the index. `afterAt` and `afterId` are '' for the first page; `state`, `profile` and
 * `tenant` are '' for any. The last four arguments are the parts of the keys of a record, and of the bridge's counts,
 * before and after an id.
 *
 * Returns id and time of the last scanned position, 1 if nothing follows it, then per job: id, time, the record as
 * fields and values, and the bridge's counts likewise.
 */
export const listScript = defineScript(
  {
    keys: ['index'],
    args: [
      ...(['afterAt', 'afterId', 'mostPlaces', 'mostJobs', 'state', 'profile', 'tenant', 'defaultTenant'] as const),
      ...(['beforeJob', 'behindJob', 'beforeModel', 'behindModel'] as const),
    ],
  },
  `
local first, most = 0, tonumber(mostPlaces)
if afterId ~= '' then
  local at = redis.call('ZSCORE', indexKey, afterId)
  if at and tonumber(at) == tonumber(afterAt) then
    first = redis.call('ZREVRANK', indexKey, afterId) + 1
  else
    first = redis.call('ZCOUNT', indexKey, '(' .. afterAt, '+inf')
  end
end
local places = redis.call('ZREVRANGE', indexKey, first, first + most - 1, 'WITHSCORES')
local jobs = {afterId, afterAt, 0}
for i = 1, #places, 2 do
  local id, at = places[i], places[i + 1]
  if afterId == '' or tonumber(at) < tonumber(afterAt) or id < afterId then
    jobs[1] = id
    jobs[2] = at
    local key = beforeJob .. id .. behindJob
    local job = redis.call('HMGET', key, 'state', 'profile', 'tenant')
    local isTenants = tenant == '' or (job[3] or defaultTenant) == tenant
    if job[1] and isTenants and (state == '' or job[1] == state) and (profile == '' or job[2] == profile) then
      jobs[#jobs + 1] = {id, at, redis.call('HGETALL', key), redis.call('HGETALL', beforeModel .. id .. behindModel)}
      if #jobs - 3 == tonumber(mostJobs) then return jobs end
    end
  end
end
if #places < 2 * most then jobs[3] = 1 end
return jobs
`,
);
