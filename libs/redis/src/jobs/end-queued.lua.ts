import { messageFormats } from '@remuda/protocol';
import { appendEvents } from '../events/append.lua.js';
import { defineScript } from '../script/define-script.js';
import { endQueuedJob, endedArgs, endedQueuedKeys } from './end-job.lua.js';
import { isOverState } from './states.lua.js';

/**
 * Cancels a job in any state. A queued job is over at once. Of a held job, the worker is told through its control
 * stream; `beforeControl` and `behindControl` are the parts of that stream's key around the worker's id.
 *
 * Returns {'unknown'}, {'over', state}, {'cancelled', profile} or {'requested', worker}.
 */
export const cancelScript = defineScript(
  {
    keys: endedQueuedKeys,
    args: [
      ...(['id', 'tenant', 'defaultTenant', 'now', 'overEvents', 'requestedEvents', 'keysEndMs'] as const),
      ...(['beforeControl', 'behindControl', 'failure'] as const),
      ...endedArgs,
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
 * Ends a job that still waits in its queue: it expired, or cannot start. Its place in the queue is removed in the same
 * step, since a moment later the place might be that of a redrive. A job that is just being claimed keeps its place,
 * and its claimer finds that it is over. Returns 1, or 0 if the job is no longer queued.
 */
export const failQueuedScript = defineScript(
  {
    keys: [...endedQueuedKeys, 'deadLetters', 'place', 'placeLogs', 'wait', 'prioritized', 'delayed'],
    args: ['id', 'now', 'overEvents', 'keysEndMs', 'failure', 'isDeadLetter', ...endedArgs],
    include: [appendEvents, endQueuedJob],
    whenFull: true,
  },
  `
local at = redis.call('HMGET', jobKey, 'state', 'attempt', 'session')
redis.call('ZREM', ttlKey, id)
if at[1] ~= 'queued' then return 0 end
redis.call('HSET', jobKey, 'state', 'failed', 'failure', failure, 'overAt', now)
appendEvents(jobKey, eventsKey, at[2] or 0, 1, overEvents)
if isDeadLetter == '1' and not at[3] then redis.call('ZADD', deadLettersKey, now, id) end
local waited = redis.call('LREM', waitKey, 1, id)
local lined = redis.call('ZREM', prioritizedKey, id) + redis.call('ZREM', delayedKey, id)
if waited + lined > 0 then redis.call('DEL', placeKey, placeLogsKey) end
endQueuedJob(id, now, keysEndMs)
return 1
`,
);
