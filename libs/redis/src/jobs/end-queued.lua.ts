import { messageFormats } from '@remuda/protocol';
import { appendEvents } from '../events/append.lua.js';
import { defineScript } from '../script/define-script.js';
import { endQueuedJob, endedQueuedKeys } from './end-job.lua.js';
import { isOverState } from './states.lua.js';

/**
 * Cancels a job wherever it is. A queued one is over at once; of a held one the worker is told, by the stream of orders whose key has its id
 * between `beforeControl` and `behindControl`.
 * Gives {'unknown'}, {'over', state}, {'cancelled', profile} or {'requested', worker}.
 */
export const cancelScript = defineScript(
  {
    keys: endedQueuedKeys,
    args: [
      ...(['id', 'tenant', 'defaultTenant', 'now', 'overEvents', 'requestedEvents', 'keysEndMs'] as const),
      ...(['beforeControl', 'behindControl', 'failure'] as const),
    ],
    include: [isOverState, appendEvents, endQueuedJob],
    whenFull: true,
  },
  `
local at = redis.call('HMGET', jobKey, 'state', 'profile', 'worker', 'lease', 'cancelRequestedAt', 'attempt', 'tenant')
local state, profile, worker = at[1], at[2], at[3]
if not state or (at[7] or defaultTenant) ~= tenant then return {'unknown'} end
if isOver(state) then return {'over', state} end
if state == 'queued' then
  redis.call('HSET', jobKey, 'state', 'cancelled', 'failure', failure, 'overAt', now)
  appendEvents(jobKey, eventsKey, at[6] or 0, 1, overEvents)
  endQueuedJob(id, now, keysEndMs)
  return {'cancelled', profile}
end
if not at[5] then
  redis.call('HSET', jobKey, 'cancelRequestedAt', now)
  redis.call('ZADD', cancelsKey, now, id)
  appendEvents(jobKey, eventsKey, at[6], 1, requestedEvents)
  local order = cjson.encode({v = ${String(messageFormats.own)}, kind = 'cancel', job = id, lease = tonumber(at[4])})
  redis.call('XADD', beforeControl .. worker .. behindControl, 'MAXLEN', 1000, '*', 'd', order)
end
return {'requested', worker}
`,
);

/**
 * Ends a job that still waits in its queue: expired, or impossible to start. Its place there goes with it, in the same step: a moment
 * later it might be that of a redrive. One that is being claimed at this moment stays, and whoever has claimed it finds that it is over.
 * Gives 1, or 0 where the job is no longer queued.
 */
export const failQueuedScript = defineScript(
  {
    keys: [...endedQueuedKeys, 'deadLetters', 'place', 'placeLogs', 'wait', 'prioritized', 'delayed'],
    args: ['id', 'now', 'overEvents', 'keysEndMs', 'failure', 'isDeadLetter'],
    include: [appendEvents, endQueuedJob],
    whenFull: true,
  },
  `
local at = redis.call('HMGET', jobKey, 'state', 'attempt')
redis.call('ZREM', ttlKey, id)
if at[1] ~= 'queued' then return 0 end
redis.call('HSET', jobKey, 'state', 'failed', 'failure', failure, 'overAt', now)
appendEvents(jobKey, eventsKey, at[2] or 0, 1, overEvents)
if isDeadLetter == '1' then redis.call('ZADD', deadLettersKey, now, id) end
local waited = redis.call('LREM', waitKey, 1, id)
local lined = redis.call('ZREM', prioritizedKey, id) + redis.call('ZREM', delayedKey, id)
if waited + lined > 0 then redis.call('DEL', placeKey, placeLogsKey) end
endQueuedJob(id, now, keysEndMs)
return 1
`,
);
