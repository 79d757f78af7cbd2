import { assignScript, assignShape, defineScript, settleScript, settleShape, type Script } from '@remuda/redis/testing';

/** What is left of giving a job to a worker when nobody keeps a lease: state, times, the bridge's grant, the event, the ticket. */
const assign = defineScript(
  assignShape,
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local attempt = redis.call('HINCRBY', jobKey, 'attempt', 1)
redis.call('HSET', jobKey, 'state', 'assigned', 'claimedAt', now, 'start', start)
redis.call('HSET', grantKey, unpack(grantFields))
redis.call('PEXPIRE', grantKey, grantMs)
redis.call('ZREM', ttlKey, id)
local seq = redis.call('HINCRBY', jobKey, 'seq', 1)
redis.call('XADD', eventsKey, seq .. '-0', 'n', 1, 'a', attempt, 'd', assignedEvents)
local ticket = id .. '.1'
local given = '{"attempt":' .. attempt .. ',' .. assignment
redis.call('HSET', ticketsKey .. ticket, 'name', 'assignment', 'data', given, 'opts', ticketOptions, 'timestamp', now, 'delay', 0, 'priority', 0)
redis.call('LPUSH', takenKey, ticket)
redis.call('ZADD', markerKey, 0, '0')
return {'assigned', 1, attempt}
`,
);

/** The same of ending it: state, result, event, how long all is kept; whatever says that it is over is believed. */
const settle = defineScript(
  settleShape,
  `
redis.call('HSET', jobKey, 'state', state, 'overAt', now)
if #fields > 0 then redis.call('HSET', jobKey, unpack(fields)) end
redis.call('DEL', grantKey)
local seq = redis.call('HINCRBY', jobKey, 'seq', count)
redis.call('XADD', eventsKey, seq .. '-0', 'n', count, 'a', 1, 'd', events .. '}}]')
redis.call('DEL', secretsKey)
if result ~= '' then redis.call('SET', resultKey, result .. '}') end
for _, key in ipairs({jobKey, promptKey, eventsKey, resultKey, modelKey, attemptsKey}) do redis.call('PEXPIRE', key, keysEndMs) end
return {'ok', redis.call('HGET', modelKey, 'firstTokenAt') or ''}
`,
);

/** The script to run in the place of another one, by that one's hash. */
export const withoutLeases: ReadonlyMap<string, Script> = new Map<string, Script>([
  [assignScript.sha, assign],
  [settleScript.sha, settle],
]);
