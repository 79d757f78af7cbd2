import { defineScript } from '../script/define-script.js';
import { holdOrigin, releaseOrigin } from './origins.lua.js';
import { sessionCan } from './states.lua.js';

/**
 * Makes a session of another one, as that was after a turn: its settings, its turns up to this one, and the latest snapshot of
 * that time, which both keep. `turn` is '' for the last one that is over.
 *
 * Returns 'forked', 'empty', 'not_over', 'saving', 'gone', 'stopped' or 'unknown'. Sent again after its answer was lost, it changes nothing.
 */
export const forkSessionScript = defineScript(
  {
    keys: ['source', 'sourceTurns', 'sourceKept', 'session', 'turns', 'origins', 'sessions'],
    args: ['id', 'sourceId', 'tenant', 'turn', 'now'],
    include: [sessionCan.stopped, holdOrigin],
  },
  `
if redis.call('EXISTS', sessionKey) == 1 then return 'forked' end
local at = redis.call('HMGET', sourceKey, 'state', 'tenant', 'turns', 'turn', 'snapshot', 'snapshotJob', 'snapshotTurn', 'lacks')
if not at[1] or at[2] ~= tenant then return 'unknown' end
if not sessionCanBeStopped(at[1]) then return 'stopped' end
local over = (at[3] or 0) - (at[4] and 1 or 0)
local point = turn == '' and over or tonumber(turn)
if point > over then return 'not_over' end
if at[1] == 'saving' and point == tonumber(over) then return 'saving' end -- rule: fork what is kept
if not at[6] then return 'empty' end
local snapshot, job, number = at[5], at[6], tonumber(at[7] or over)
if number > point then
  local kept = redis.call('ZRANGEBYSCORE', sourceKeptKey, '-inf', point, 'WITHSCORES')
  if #kept == 0 then return 'gone' end
  job, number = kept[#kept - 1], kept[#kept]
  snapshot = redis.call('HGET', originsKey, job)
end
holdOrigin(originsKey, job, snapshot)
local same = redis.call('HMGET', sourceKey, 'profile', 'settings', 'concurrent', 'keepTurns', 'budgetMicroUsd')
redis.call('HSET', sessionKey, 'state', 'hibernated', 'tenant', tenant, 'profile', same[1], 'settings', same[2],
  'concurrent', same[3], 'keepTurns', same[4] or 1, 'createdAt', now, 'changedAt', now, 'turns', point,
  'snapshot', snapshot, 'snapshotJob', job, 'snapshotTurn', number, 'forkedFrom', sourceId, 'forkedAtTurn', point)
if at[8] and point == tonumber(over) then redis.call('HSET', sessionKey, 'lacks', at[8]) end
if same[5] then redis.call('HSET', sessionKey, 'budgetMicroUsd', same[5]) end
for _, entry in ipairs(redis.call('XRANGE', sourceTurnsKey, '-', point .. '-0')) do
  redis.call('XADD', turnsKey, entry[1], unpack(entry[2]))
end
redis.call('ZADD', sessionsKey, now, id)
return 'forked'
`,
);

/**
 * Lets a session go on from another snapshot, if it goes on from that of the job `before` now ('' for none) and no turn is under
 * way. Returns 'replaced', 'busy', 'changed', 'stopped' or 'unknown'. Sent again after its answer was lost, it changes nothing.
 */
export const replaceOriginScript = defineScript(
  {
    keys: ['session', 'origins'],
    args: ['tenant', 'snapshot', 'job', 'before', 'now'],
    include: [sessionCan.running, sessionCan.stopped, holdOrigin, releaseOrigin],
  },
  `
local at = redis.call('HMGET', sessionKey, 'state', 'tenant', 'snapshotJob', 'turns')
if not at[1] or at[2] ~= tenant then return 'unknown' end
if at[3] == job then return 'replaced' end
if not sessionCanBeStopped(at[1]) then return 'stopped' end
if not sessionCanBeRunning(at[1]) then return 'busy' end
if (at[3] or '') ~= before then return 'changed' end
redis.call('HSET', sessionKey, 'state', 'hibernated', 'snapshot', snapshot, 'snapshotJob', job, 'changedAt', now)
if not at[3] then redis.call('HSET', sessionKey, 'snapshotTurn', at[4] or 0) end
holdOrigin(originsKey, job, snapshot)
if at[3] then releaseOrigin(originsKey, at[3]) end
return 'replaced'
`,
);
