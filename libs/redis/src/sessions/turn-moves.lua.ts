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
  local known = redis.call('HMGET', session, 'state', 'profile', 'snapshot', 'snapshotJob', 'tenant', 'budgetMicroUsd', 'spentMicroUsd', 'lacks')
  if not sessionCanBeRunning(known[1]) then return false end
  redis.call('HSET', session, 'state', 'running', 'turn', id, 'changedAt', now)
  local number = redis.call('HINCRBY', session, 'turns', 1)
  redis.call('HSET', job, 'turn', number)
  redis.call('XADD', session .. ':turns', number .. '-0', 'job', id)
  local left = known[6] and known[6] - (known[7] or 0)
  if left then redis.call('HSET', job, 'leftMicroUsd', left > 0 and left or 0) end
  if known[3] then redis.call('HSET', job, 'origin', known[3], 'originJob', known[4]) end
  if known[8] then redis.call('HSET', job, 'lacks', known[8]) end
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
 * A session whose turn is over goes on: from this snapshot of it, or for `nil` from where it was before. The next turn begins. `turn` is
 * the number of the turn that is over.
 */
const goOn: Fragment = {
  needs: [beginTurn, holdOrigin, keepOrigin],
  lua: `
local function goOn(session, id, snapshot, turn, profile, now)
  local at = redis.call('HMGET', session, 'snapshotJob', 'snapshotTurn', 'keepTurns')
  if snapshot then
    redis.call('HSET', session, 'snapshot', snapshot, 'snapshotJob', id, 'snapshotTurn', turn or 0) -- rule: goes on
    holdOrigin(originsKey, id, snapshot)
    if at[1] then keepOrigin(originsKey, session, at[1], at[2] or 0, tonumber(at[3] or 1)) end
  end
  redis.call('HSET', session, 'state', (snapshot or at[1]) and 'hibernated' or 'idle', 'changedAt', now)
  local nextId = redis.call('LPOP', session .. ':waiting')
  if not nextId then return end
  local places = {queue = beforeQueue .. profile .. behindQueue, fair = beforeFair .. profile, tenants = tenants}
  beginTurn(session, beforeJob .. nextId, places, nextId, now, wakeChannel) -- rule: next turn
end`,
};

/**
 * Does what the end of a job means for its session, if it has one: a job that waited for its turn leaves the line. After
 * a turn, the session goes on from the turn's own snapshot, unless the turn failed: then it stays where it was before.
 * The next turn begins. With `keeps` the snapshot is still being taken, and the session waits for `endKeeping`.
 */
export const endTurn: Fragment = {
  needs: [goOn, costOfJob, sessionCan.idle, sessionCan.saving],
  lua: `
local function endTurn(id, now, keeps)
  local job = redis.call('HMGET', jobKey, 'session', 'state', 'snapshot', 'profile', 'worker', 'turn')
  if not job[1] then return end
  local session = beforeSession .. job[1]
  local at = redis.call('HMGET', session, 'state', 'turn')
  if not at[1] then return end
  if at[2] ~= id then return redis.call('LREM', session .. ':waiting', 1, id) end -- rule: only the turn ends
  redis.call('HDEL', session, 'turn')
  redis.call('HINCRBY', session, 'spentMicroUsd', costOfJob())
  if job[5] then redis.call('HSET', session, 'worker', job[5]) end
  if keeps and sessionCanBeSaving(at[1]) then -- rule: snapshot first
    redis.call('HSET', session, 'state', 'saving', 'saving', id, 'changedAt', now)
    redis.call('HSET', jobKey, 'saving', 1)
    return
  end
  if not sessionCanBeIdle(at[1]) then return end
  local snapshot = job[2] ~= 'failed' and job[3]
  if snapshot then redis.call('HDEL', session, 'lacks') end -- rule: what was told is kept
  goOn(session, id, snapshot, job[6], job[4], now)
end`,
};

/**
 * The snapshot of a turn that is over was stored, or cannot be had: then `lost` is the end of what its session lacks, else ''. Returns
 * whether the session waited for it. The fields of the job's record that it reads are of this lease.
 */
export const endKeeping: Fragment = {
  needs: [goOn, sessionCan.idle],
  lua: `
local function endKeeping(id, lost, now)
  local job = redis.call('HMGET', jobKey, 'session', 'saving', 'snapshot', 'profile', 'turn', 'whole')
  if not job[1] or not job[2] then return false end
  redis.call('HDEL', jobKey, 'saving')
  local session = beforeSession .. job[1]
  local at = redis.call('HMGET', session, 'state', 'saving', 'lacks')
  if at[2] ~= id then return false end
  redis.call('HDEL', session, 'saving')
  if not sessionCanBeIdle(at[1]) then return true end
  if job[3] and (lost == '' or job[6] == '1') then
    redis.call('HDEL', session, 'lacks')
  else
    local lacking = '{"turn":' .. (job[5] or 0) .. ',"job":"' .. id .. '",' .. lost
    redis.call('HSET', session, 'lacks', at[3] and (at[3] .. ',' .. lacking) or lacking) -- rule: says what it lacks
  end
  goOn(session, id, job[3], job[5], job[4], now)
  return true
end`,
};
