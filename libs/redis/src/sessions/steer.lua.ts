import { steerLimits } from '@remuda/domain';
import { messageFormats } from '@remuda/protocol';
import { defineScript } from '../script/define-script.js';

/** Messages that a worker has not read yet are few; those that it has read need not stay. */
const mostKept = 100;

/**
 * Says something to the turn of a session that is carried out: it is kept with the job's record, and sent to the worker. `members` is the message's JSON without its first brace;
 * `beforeJob`, and the other names of this kind, are the parts of keys around an id.
 *
 * Returns {'said' or 'repeated', job, id of its last event}, {'idle'}, {'deaf'}, {'full'}, {'over'} or {'unknown'}.
 */
export const steerScript = defineScript(
  {
    keys: ['session'],
    args: ['tenant', 'id', 'members', 'beforeJob', 'beforeWorker', 'beforeControl', 'behindControl'],
  },
  `
local at = redis.call('HMGET', sessionKey, 'state', 'tenant', 'turn')
if not at[1] or at[2] ~= tenant then return {'unknown'} end
if at[1] == 'stopped' then return {'over'} end
if not at[3] then return {'idle'} end
local jobKey = beforeJob .. at[3]
local job = redis.call('HMGET', jobKey, 'state', 'worker', 'lease', 'seq', 'cancelRequestedAt', 'steers', 'steerCount', 'steer:' .. id)
if (job[1] ~= 'running' and job[1] ~= 'assigned') or job[5] then return {'idle'} end
if job[8] then return {'repeated', at[3], job[4] or 0} end
if redis.call('HGET', beforeWorker .. job[2], 'engineKind') == 'tmux' then return {'deaf'} end
if tonumber(job[7] or 0) >= ${String(steerLimits.messages)} then return {'full'} end
redis.call('HINCRBY', jobKey, 'steerCount', 1)
redis.call('HSET', jobKey, 'steer:' .. id, 1, 'steers', (job[6] and (job[6] .. ',{') or '{') .. members)
local order = '{"v":${String(messageFormats.own)},"kind":"steer","job":"' .. at[3] .. '","lease":' .. job[3] .. ',' .. members
redis.call('XADD', beforeControl .. job[2] .. behindControl, 'MAXLEN', ${String(mostKept)}, '*', 'd', order)
return {'said', at[3], job[4] or 0}
`,
);
