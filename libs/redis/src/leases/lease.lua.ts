import { maxAttemptEntries } from './attempt-entry.js';
import { retireLua } from '../retention/over.lua.js';
import { nowLua } from '../script/redis-time.js';
import { script, vitalScript } from '../script/script.js';
import { beforeMark, spentFields } from './spent.js';

/** What a further attempt spends is told apart from what those before have. */
const noteSpent = `
if attempt > 1 then
  local names = {${spentFields.map((field) => `'${field}'`).join(', ')}}
  local spent = redis.call('HMGET', KEYS[5], unpack(names))
  local noted = {}
  for i, name in ipairs(names) do
    noted[#noted + 1] = '${beforeMark}' .. name
    noted[#noted + 1] = spent[i] or 0
  end
  redis.call('HSET', KEYS[5], unpack(noted))
end`;

/** Nobody but its worker takes from its queue, and no assignment lasts longer than a day: so the lock of a ticket needs no renewal. */
const ticketLockMs = 25 * 3_600_000;

/**
 * Gives a queued job to an idle worker: the lease token rises, the bridge grant is made, the event is written, and the assignment
 * put into the worker's queue. Only the worker's owner may: whoever was frozen with a claim in its hands would come before all that
 * was submitted in the meantime.
 *
 * The ticket in the worker's queue is what BullMQ's own `addStandardJob` and then `moveToActive` make of it, in a step with the lease
 * that it is for; a test compares the two. Left out is what nobody reads: BullMQ's own event stream, and its counter for ids.
 *
 * KEYS: job, worker, events, grant, model, ttl, halts, owner, tickets that are taken, sign for their consumer, beginning of a ticket's
 * key. ARGV: job id, worker id, scheduler, start, lock token, grant hash, grant ttl ms, event, number of grant fields * 2,
 * assignment without its first brace, lease and attempt, BullMQ's options, grant fields.
 * Gives {'assigned', lease, attempt}, {'state', state or ''}, {'elsewhere'}, {'worker'}, {'cordoned'} or {'halted'}. Asked again
 * under the same lock, because the first answer was lost with its connection, it answers the same: the worker may have begun.
 */
export const assignScript = script(`
local at = redis.call('HMGET', KEYS[1], 'state', 'lock', 'worker', 'lease', 'attempt', 'profile')
local given = at[1] == 'assigned' or at[1] == 'running' or at[1] == 'waiting'
if given and at[2] == ARGV[5] and at[3] == ARGV[2] then return {'assigned', at[4], at[5]} end
if at[1] ~= 'queued' then return {'state', at[1] or ''} end
if redis.call('GET', KEYS[8]) ~= ARGV[3] then return {'elsewhere'} end
if redis.call('HGET', KEYS[2], 'phase') ~= 'idle' then return {'worker'} end
if redis.call('HEXISTS', KEYS[2], 'cordoned') == 1 then return {'cordoned'} end
if redis.call('EXISTS', KEYS[7]) == 1 then
  local halts = redis.call('HMGET', KEYS[7], 'paused:*', 'paused:' .. at[6], 'drained:' .. at[6], 'suspended:' .. at[6])
  if halts[1] or halts[2] or halts[3] or halts[4] then return {'halted'} end
end
-- A grant that stands is another job's, whoever names it.
if redis.call('EXISTS', KEYS[4]) == 1 then return {'worker'} end${nowLua}
local lease = redis.call('HINCRBY', KEYS[1], 'lease', 1)
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
redis.call('HSET', KEYS[1], 'state', 'assigned', 'worker', ARGV[2], 'claimedAt', now, 'start', ARGV[4], 'lock', ARGV[5], 'grant', ARGV[6])
redis.call('HDEL', KEYS[1], 'wakeAt', 'startedAt', 'failure')
redis.call('HSET', KEYS[2], 'phase', 'busy', 'job', ARGV[1], 'lease', lease)
redis.call('HDEL', KEYS[2], 'idleSince')
local grant = {'lease', lease}
for i = 12, 11 + tonumber(ARGV[9]) do grant[#grant + 1] = ARGV[i] end
redis.call('HSET', KEYS[4], unpack(grant))
redis.call('PEXPIRE', KEYS[4], ARGV[7])
redis.call('HDEL', KEYS[5], 'firstRequestAt', 'firstTokenAt', 'limitResetAt')${noteSpent}
redis.call('ZREM', KEYS[6], ARGV[1])
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[3], seq .. '-0', 'n', 1, 'a', attempt, 'd', ARGV[8])
local ticket = ARGV[1] .. '.' .. lease
local assignment = '{"attempt":' .. attempt .. ',"lease":' .. lease .. ',' .. ARGV[10]
redis.call('HSET', KEYS[11] .. ticket, 'name', 'assignment', 'data', assignment, 'opts', ARGV[11], 'timestamp', now, 'delay', 0, 'priority', 0, 'processedOn', now, 'pb', ARGV[2], 'ats', 1)
redis.call('SET', KEYS[11] .. ticket .. ':lock', ARGV[2], 'PX', ${String(ticketLockMs)})
redis.call('LPUSH', KEYS[9], ticket)
redis.call('ZADD', KEYS[10], 0, '0')
return {'assigned', lease, attempt}
`);

/**
 * Takes batches of events over from workers' streams into their jobs' streams, each by its lease, and moves the cursors.
 * KEYS: cursors, counters, then per batch: job, events. ARGV: most entries kept, then per batch: worker, lease, cursor before,
 * cursor after, number of events, events, started at or ''.
 * Gives per batch 'ok', 'fenced' (not the lease of now) or the cursor that stands instead of the expected one.
 */
export const relayScript = vitalScript(`
local answers = {}
for b = 1, (#ARGV - 1) / 7 do
  local worker, lease, before, after, count, events, startedAt = unpack(ARGV, b * 7 - 5, b * 7 + 1)
  local job = KEYS[2 * b + 1]
  local cursor = redis.call('HGET', KEYS[1], worker) or '0-0'
  if cursor ~= before then
    answers[b] = cursor
  else
    redis.call('HSET', KEYS[1], worker, after)
    local at = redis.call('HMGET', job, 'lease', 'state', 'attempt', 'worker')
    if at[1] ~= lease or at[4] ~= worker or (at[2] ~= 'assigned' and at[2] ~= 'running' and at[2] ~= 'waiting') then
      redis.call('HINCRBY', KEYS[2], 'fenced', 1)
      answers[b] = 'fenced'
    else
      if startedAt ~= '' and at[2] == 'assigned' then redis.call('HSET', job, 'state', 'running', 'startedAt', startedAt) end
      if count ~= '0' then
        local seq = redis.call('HINCRBY', job, 'seq', count)
        redis.call('XADD', KEYS[2 * b + 2], 'MAXLEN', '~', ARGV[1], seq .. '-0', 'n', count, 'a', at[3], 'd', events)
      end
      answers[b] = 'ok'
    end
  end
end
return answers
`);

/** KEYS: a worker's stream. Gives the id of its last entry, without the entry; `0-0` where there is none. */
export const lastEntryScript = script(`
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if last[1] then return last[1][1] end
return '0-0'
`);

/** Moves a cursor, and nothing else. KEYS: cursors. ARGV: worker, cursor before, cursor after. Gives the cursor that stands then. */
export const skipScript = vitalScript(`
local cursor = redis.call('HGET', KEYS[1], ARGV[1]) or '0-0'
if cursor == ARGV[2] then
  cursor = ARGV[3]
  redis.call('HSET', KEYS[1], ARGV[1], cursor)
end
return cursor
`);

/**
 * Ends an attempt: the job is over, or queued again. Refused unless the lease is the one of now.
 *
 * The place of a job that is over goes to those that BullMQ shows as finished, in the same step, as BullMQ's own `moveToFinished`
 * would have it; a test compares the two. Where the lock is not the job's any more, the place is left to whoever has it. Left out is
 * what nobody reads, like BullMQ's event stream, and the stack of an error that we make up; of those that are finished no more than ten leave at a time. The place of a job
 * that is queued again follows later.
 *
 * KEYS: job, prompt, events, result, model, cursors, counters, grant, attempts, dead letters, secrets, cancels, over, retained bytes. ARGV: worker, lease, cursor before ('' for none), cursor after, now,
 * state, events, ms until its keys end, counts to raise as JSON, wakeAt or '', result or '', what is to be
 * kept of an attempt without success or '', 1 for a dead letter, number of further fields * 2, further fields, job id,
 * number of events, what stands before and behind a profile's name in its queue's keys, failure for BullMQ or '', how many finished
 * ones are kept, and of which age in ms.
 * Gives 'ok' and when the model's first token came, 'fenced', the cursor that stands instead of the expected one, or 'cancelled' and
 * does nothing where the job would be queued again and its cancel was asked for in the meantime.
 */
export const settleScript = vitalScript(`
if ARGV[6] == 'queued' then
  local asked = redis.call('HMGET', KEYS[1], 'lease', 'cancelRequestedAt')
  if asked[1] == ARGV[2] and asked[2] then return {'cancelled'} end
end
if ARGV[3] ~= '' then
  local cursor = redis.call('HGET', KEYS[6], ARGV[1]) or '0-0'
  if cursor ~= ARGV[3] then return {cursor} end
  redis.call('HSET', KEYS[6], ARGV[1], ARGV[4])
end
local at = redis.call('HMGET', KEYS[1], 'lease', 'state', 'attempt', 'worker', 'profile', 'lock')
if at[1] ~= ARGV[2] or at[4] ~= ARGV[1] or (at[2] ~= 'assigned' and at[2] ~= 'running' and at[2] ~= 'waiting') then
  redis.call('HINCRBY', KEYS[7], 'fenced', 1)
  return {'fenced'}
end
local state = ARGV[6]
redis.call('HSET', KEYS[1], 'state', state)
local fields = tonumber(ARGV[14])
if fields > 0 then
  local set = {}
  for i = 15, 14 + fields do set[#set + 1] = ARGV[i] end
  redis.call('HSET', KEYS[1], unpack(set))
end
redis.call('DEL', KEYS[8])
if ARGV[12] ~= '' then
  local was = redis.call('HMGET', KEYS[1], 'claimedAt', 'startedAt', 'start')
  local entry = '{"attempt":' .. at[3] .. ',"worker":"' .. at[4] .. '","lease":' .. at[1] .. ',"claimedAt":' .. (was[1] or 0)
  if was[2] then entry = entry .. ',"startedAt":' .. was[2] end
  if was[3] then entry = entry .. ',"start":' .. was[3] end
  redis.call('RPUSH', KEYS[9], entry .. ',' .. ARGV[12])
  redis.call('LTRIM', KEYS[9], -${maxAttemptEntries}, -1)
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', ARGV[16 + fields])
redis.call('XADD', KEYS[3], seq .. '-0', 'n', ARGV[16 + fields], 'a', at[3], 'd', ARGV[7])
if state == 'queued' then
  for _, count in ipairs(cjson.decode(ARGV[9])) do redis.call('HINCRBY', KEYS[1], count, 1) end
  redis.call('HDEL', KEYS[1], 'worker', 'lock', 'grant')
  redis.call('HSET', KEYS[1], 'requeuedAt', ARGV[5])
  if ARGV[10] ~= '' then redis.call('HSET', KEYS[1], 'wakeAt', ARGV[10]) end
else
  redis.call('HSET', KEYS[1], 'overAt', ARGV[5])
  redis.call('DEL', KEYS[11])
  redis.call('ZREM', KEYS[12], ARGV[15 + fields])
  if ARGV[11] ~= '' then redis.call('SET', KEYS[4], ARGV[11]) end
  if ARGV[13] == '1' then redis.call('ZADD', KEYS[10], ARGV[5], ARGV[15 + fields]) end
${retireLua({
  ...{ id: 'ARGV[15 + fields]', now: 'ARGV[5]', ttl: 'ARGV[8]', over: 'KEYS[13]', retained: 'KEYS[14]' },
  keys: ['KEYS[1]', 'KEYS[2]', 'KEYS[3]', 'KEYS[4]', 'KEYS[5]', 'KEYS[9]'],
})}
  local id, failure = ARGV[15 + fields], ARGV[19 + fields]
  local queue = ARGV[17 + fields] .. at[5] .. ARGV[18 + fields]
  local place = queue .. id
  if at[6] and redis.call('GET', place .. ':lock') == at[6] and redis.call('LREM', queue .. 'active', -1, id) > 0 then
    redis.call('DEL', place .. ':lock')
    redis.call('SREM', queue .. 'stalled', id)
    redis.call('HINCRBY', place, 'atm', 1)
    local line = queue .. 'completed'
    if failure == '' then
      redis.call('HSET', place, 'returnvalue', 'null', 'finishedOn', ARGV[5])
    else
      line = queue .. 'failed'
      redis.call('HSET', place, 'failedReason', failure, 'finishedOn', ARGV[5])
    end
    redis.call('ZADD', line, ARGV[5], id)
    local above = redis.call('ZCARD', line) - tonumber(ARGV[20 + fields])
    if above > 10 then above = 10 end
    local old = redis.call('ZRANGEBYSCORE', line, '-inf', ARGV[5] - ARGV[21 + fields], 'LIMIT', 0, 10)
    if above > #old then old = redis.call('ZRANGE', line, 0, above - 1) end
    for _, other in ipairs(old) do
      redis.call('ZREM', line, other)
      redis.call('DEL', queue .. other, queue .. other .. ':logs')
    end
  end
end
return {'ok', redis.call('HGET', KEYS[5], 'firstTokenAt') or ''}
`);
