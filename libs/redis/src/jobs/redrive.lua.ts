import { appendEvents } from '../events/append.lua.js';
import { retiredKeys } from '../retention/over.lua.js';
import { defineScript } from '../script/define-script.js';
import { canBeRedriven } from './states.lua.js';

/**
 * Queues a failed job again: same id, a fresh allowance, and its expiring data is kept. Its place is written
 * afterwards. `deadline` is that of its start or ''; `cleared` are fields to delete. Returns {'redriven'}, {'unknown'},
 * {'state', state}, {'turn'} for a turn of a session, or {'gone'} if the prompt or the events are no longer kept.
 */
export const redriveScript = defineScript(
  {
    keys: [...retiredKeys, 'deadLetters', 'unplaced', 'ttl', 'tenantWaiting'],
    args: ['id', 'now', 'redrivenEvents', 'deadline'],
    rest: 'cleared',
    include: [canBeRedriven, appendEvents],
  },
  `
local at = redis.call('HMGET', jobKey, 'state', 'attempt', 'bytes', 'session')
local state = at[1]
if not state then return {'unknown'} end
if not canBeRedriven(state) then return {'state', state} end
if at[4] then return {'turn'} end
if redis.call('EXISTS', promptKey) == 0 or redis.call('EXISTS', eventsKey) == 0 then return {'gone'} end
for _, key in ipairs({jobKey, promptKey, eventsKey, resultKey, modelKey, attemptsKey}) do redis.call('PERSIST', key) end
redis.call('HSET', jobKey, 'state', 'queued', 'failures', 0, 'requeues', 0, 'redrivenAt', now)
redis.call('HDEL', jobKey, unpack(cleared))
redis.call('DEL', resultKey)
local indexed = redis.call('ZREM', overKey, id) + redis.call('ZREM', deadLettersKey, id)
if indexed > 0 then redis.call('INCRBY', retainedKey, -(at[3] or 0)) end
redis.call('ZADD', unplacedKey, now, id)
redis.call('SADD', tenantWaitingKey, id)
if deadline ~= '' then redis.call('ZADD', ttlKey, deadline, id) end
appendEvents(jobKey, eventsKey, at[2] or 0, 1, redrivenEvents)
return {'redriven'}
`,
);
