import { modelCount } from '@remuda/protocol';
import { priorityScore } from '../queue/score.lua.js';
import { enterLine, lineOfRank } from '../tenants/lines.lua.js';
import type { Fragment } from '../script/define-script.js';
import { holdOrigin, keepOrigin } from './origins.lua.js';
import { sessionCan } from './states.lua.js';

/**
 * A queued job becomes its session's turn: it gets its place in the profile's queue, and takes up the conversation where
 * the session has it. It is told to those who follow the session's turns. `session` is the key of the session, `job` that of
 * the job's record; `at` has the prefix of the queue's keys (`queue`), the key of the profile's lines (`fair`) and that of all
 * lines (`tenants`). A job without a place in BullMQ's data is one that has ended meanwhile.
 */
export const beginTurn: Fragment = {
  needs: [priorityScore, enterLine, lineOfRank, sessionCan.running],
  lua: `
local function beginTurn(session, job, at, id, now, wakeChannel)
  local known = redis.call('HMGET', session, 'state', 'profile', 'snapshot', 'snapshotJob', 'tenant', 'budgetMicroUsd', 'spentMicroUsd')
  if not sessionCanBeRunning(known[1]) then return false end
  redis.call('HSET', session, 'state', 'running', 'turn', id, 'changedAt', now)
  local number = redis.call('HINCRBY', session, 'turns', 1)
  redis.call('HSET', job, 'turn', number)
  redis.call('XADD', session .. ':turns', number .. '-0', 'job', id)
  local left = known[6] and known[6] - (known[7] or 0)
  if left then redis.call('HSET', job, 'leftMicroUsd', left > 0 and left or 0) end
  if known[3] then redis.call('HSET', job, 'origin', known[3], 'originJob', known[4]) end
  local rank = redis.call('HGET', at.queue .. id, 'priority')
  redis.call('ZADD', at.queue .. 'prioritized', scoreOf(rank, redis.call('INCR', at.queue .. 'pc')), id)
  enterLine(at.fair, at.tenants, lineOfRank(rank), known[5])
  redis.call('PUBLISH', wakeChannel, known[2] .. ' 1 ' .. id .. ' ' .. redis.call('HGET', job, 'session'))
  return true
end`,
};

/** What the job has cost in millionths of a dollar: as the bridge has counted, or else as its worker has told. */
const costOfJob: Fragment = {
  lua: `
local function costOfJob()
  local counted = redis.call('HGET', modelKey, '${modelCount.costMicroUsd}')
  return math.floor((counted or (redis.call('HGET', jobKey, 'costUsd') or 0) * 1000000) + 0.5)
end`,
};

/**
 * Does what the end of a job means for its session, if it has one: a job that waited for its turn leaves the line. After
 * a turn, the session goes on from the turn's own snapshot, unless the turn failed: then it stays where it was before.
 * The next turn begins.
 */
export const endTurn: Fragment = {
  needs: [beginTurn, costOfJob, holdOrigin, keepOrigin, sessionCan.idle],
  lua: `
local function endTurn(id, now)
  local job = redis.call('HMGET', jobKey, 'session', 'state', 'snapshot', 'profile', 'worker', 'turn')
  if not job[1] then return end
  local session = beforeSession .. job[1]
  local at = redis.call('HMGET', session, 'state', 'turn', 'snapshotJob', 'snapshotTurn', 'keepTurns')
  if not at[1] then return end
  if at[2] ~= id then return redis.call('LREM', session .. ':waiting', 1, id) end -- rule: only the turn ends
  redis.call('HDEL', session, 'turn')
  redis.call('HINCRBY', session, 'spentMicroUsd', costOfJob())
  if job[5] then redis.call('HSET', session, 'worker', job[5]) end
  if not sessionCanBeIdle(at[1]) then return end
  local isNew = job[2] ~= 'failed' and job[3]
  if isNew then
    redis.call('HSET', session, 'snapshot', job[3], 'snapshotJob', id, 'snapshotTurn', job[6] or 0) -- rule: goes on
    holdOrigin(originsKey, id, job[3])
    if at[3] then keepOrigin(originsKey, session, at[3], at[4] or 0, tonumber(at[5] or 1)) end
  end
  redis.call('HSET', session, 'state', (isNew or at[3]) and 'hibernated' or 'idle', 'changedAt', now)
  local nextId = redis.call('LPOP', session .. ':waiting')
  if not nextId then return end
  local places = {queue = beforeQueue .. job[4] .. behindQueue, fair = beforeFair .. job[4], tenants = tenants}
  beginTurn(session, beforeJob .. nextId, places, nextId, now, wakeChannel) -- rule: next turn
end`,
};
