import { refusalArgs, refusalOf } from '../tenants/refusal.lua.js';
import { lineOfTenant, rankInLine } from '../tenants/lines.lua.js';
import { noteIdempotency, submittedJob, unlessRepeated, writePlace, writeRecord } from '../jobs/submit.lua.js';
import { defineScript } from '../script/define-script.js';
import { releaseOrigin } from './origins.lua.js';
import { sessionCan } from './states.lua.js';
import { beginTurn } from './turn-moves.lua.js';

/**
 * Writes the record of a session. `settings` is JSON, `budgetMicroUsd` '' for no limit. Sent again after its answer was lost, it changes nothing.
 */
export const createSessionScript = defineScript(
  {
    keys: ['session', 'sessions'],
    args: ['id', 'tenant', 'profile', 'settings', 'concurrent', 'keepTurns', 'budgetMicroUsd', 'now'],
  },
  `
if redis.call('EXISTS', sessionKey) == 1 then return 0 end
redis.call('HSET', sessionKey, 'state', 'idle', 'tenant', tenant, 'profile', profile, 'settings', settings,
  'concurrent', concurrent, 'keepTurns', keepTurns, 'createdAt', now, 'changedAt', now)
redis.call('ZADD', sessionsKey, now, id)
if budgetMicroUsd ~= '' then redis.call('HSET', sessionKey, 'budgetMicroUsd', budgetMicroUsd) end
return 1
`,
);

/**
 * Submits a turn: writes its record, as a submission does, and lets it begin, or wait for its turn. `owner` is the tenant;
 * `isFirst` is '1' if it comes before those that wait; the rest is as in a submission.
 *
 * Returns {'begun'}, {'waits', running}, {'busy', running}, {'spent', micro-dollars}, {'over', state}, {'unknown'}, {'repeated', ids as JSON},
 * {'conflict'} or {'limited', limit}. Sent again after its answer was lost, it changes nothing.
 */
export const submitTurnScript = defineScript(
  {
    keys: ['sessionRecord', 'waiting', 'jobs', 'ttl', 'idempotency', 'tenants', 'limited', ...submittedJob.keys],
    args: [
      ...(['owner', 'isFirst', 'now', 'fingerprint', 'idempotencyMs', 'ids', 'wakeChannel', 'beforeLabel'] as const),
      ...(['queue', ...submittedJob.args] as const),
      ...refusalArgs,
    ],
    include: [beginTurn, sessionCan.running, lineOfTenant, rankInLine, refusalOf],
  },
  `
${unlessRepeated}
end
local at = redis.call('HMGET', sessionRecordKey, 'state', 'tenant', 'turn', 'concurrent', 'budgetMicroUsd', 'spentMicroUsd', 'saving')
if not at[1] or at[2] ~= owner then return {'unknown'} end
if redis.call('EXISTS', jobKey) == 1 then
  if at[3] == id then return {'begun'} end
  return {'waits', at[3] or at[7] or ''}
end
local isFree = sessionCanBeRunning(at[1])
if not isFree and at[1] ~= 'running' and at[1] ~= 'saving' then return {'over', at[1]} end
-- While the snapshot of the last turn is taken, no turn is under way for those who send one.
local running = at[3] or redis.call('LINDEX', waitingKey, 0) or nil
if not isFree and at[4] == 'refuse' and running then return {'busy', running} end -- rule: refuse
if at[5] and tonumber(at[6] or 0) >= tonumber(at[5]) then return {'spent', at[6]} end
local limit = refusalOf(limitedKey, 1)
if limit then return {'limited', limit} end
if fingerprint ~= '' then
${noteIdempotency}
end
local delay, rank = 0, rankIn(lineOf(tenantsKey, tenant), priority)
${writeRecord}
${writePlace}
if beginTurn(sessionRecordKey, jobKey, {queue = queue, fair = fairKey, tenants = tenantsKey}, id, now, wakeChannel) then
  return {'begun'}
end
redis.call(isFirst == '1' and 'LPUSH' or 'RPUSH', waitingKey, id) -- rule: order of turns
return {'waits', at[3] or at[7]}
`,
);

/**
 * Stops a session, whose snapshots are then kept no longer, and returns its turns that are not over: the one under way first, then those that wait. Returns 0 if
 * there is no such session.
 */
export const stopSessionScript = defineScript(
  {
    keys: ['session', 'waiting', 'kept', 'origins', 'turns'],
    args: ['tenant', 'now'],
    include: [sessionCan.stopped, releaseOrigin],
    whenFull: true,
  },
  `
local at = redis.call('HMGET', sessionKey, 'state', 'tenant', 'turn', 'snapshotJob', 'turns')
if not at[1] or at[2] ~= tenant then return 0 end
if sessionCanBeStopped(at[1]) then
  if at[4] then releaseOrigin(originsKey, at[4]) end
  for _, job in ipairs(redis.call('ZRANGE', keptKey, 0, -1)) do releaseOrigin(originsKey, job) end
  redis.call('DEL', keptKey)
  redis.call('HSET', sessionKey, 'state', 'stopped', 'changedAt', now)
  redis.call('XADD', turnsKey, (at[5] or 0) .. '-1', 'stopped', 1)
end
local turns = {}
if at[3] then turns[1] = at[3] end
for _, id in ipairs(redis.call('LRANGE', waitingKey, 0, -1)) do turns[#turns + 1] = id end
return turns
`,
);

/** How long those who follow a session's turns can still read, after it was removed, that it is stopped: in ms. */
export const lastTurnsMs = 60_000;

/** Removes a stopped session without turns. Returns 'removed', 'busy' or 'unknown'. */
export const removeSessionScript = defineScript(
  { keys: ['session', 'waiting', 'turns', 'sessions'], args: ['id', 'tenant'], whenFull: true },
  `
local at = redis.call('HMGET', sessionKey, 'state', 'tenant', 'turn')
if not at[1] or at[2] ~= tenant then return 'unknown' end
if at[1] ~= 'stopped' or at[3] or redis.call('LLEN', waitingKey) > 0 then return 'busy' end
redis.call('DEL', sessionKey, waitingKey)
redis.call('PEXPIRE', turnsKey, ${String(lastTurnsMs)})
redis.call('ZREM', sessionsKey, id)
return 'removed'
`,
);
