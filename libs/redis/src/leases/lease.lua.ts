import { appendEvents } from '../events/append.lua.js';
import { endJob, endedKeys } from '../jobs/end-job.lua.js';
import { canMoveTo, isHeldState } from '../jobs/states.lua.js';
import { defineScript, type Fragment } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';
import { maxAttemptEntries } from './attempt-entry.js';
import { beforeMark, spentFields } from './spent.js';

/** Nobody but its worker takes from its queue, and no assignment lasts longer than a day: so the lock of a ticket needs no renewal. */
const ticketLockMs = 25 * 3_600_000;

/** Whether a job, as its record has it, is held under this lease by this worker: the rule that fences all others. */
const isHeldBy: Fragment = {
  needs: [isHeldState],
  lua: `
local function isHeldBy(record, worker, lease) return record[1] == lease and record[4] == worker and isHeld(record[2]) end`,
};

/** Fields of a record that `isHeldBy` reads, in its order; the third is the attempt. */
const heldFields = `'lease', 'state', 'attempt', 'worker'`;

/** Whether a relay's cursor is where it is thought to be: else another relay has moved on. */
const isAtCursor: Fragment = { lua: 'local function isAtCursor(cursor, before) return cursor == before end' };

/** Whether a profile's jobs are kept from starting. */
const isHalted: Fragment = {
  lua: `
local function isHalted(profile)
  if redis.call('EXISTS', haltsKey) == 0 then return false end
  local halts = redis.call('HMGET', haltsKey, 'paused:*', 'paused:' .. profile, 'drained:' .. profile, 'suspended:' .. profile)
  return halts[1] or halts[2] or halts[3] or halts[4]
end`,
};

/** Notes what a job has spent when a further attempt begins, so that what that one spends can be told apart. */
const noteSpent: Fragment = {
  lua: `
local function noteSpent()
  local names = {${spentFields.map((field) => `'${field}'`).join(', ')}}
  local spent = redis.call('HMGET', modelKey, unpack(names))
  local noted = {}
  for i, name in ipairs(names) do
    noted[#noted + 1] = '${beforeMark}' .. name
    noted[#noted + 1] = spent[i] or 0
  end
  redis.call('HSET', modelKey, unpack(noted))
end`,
};

/** Puts an assignment into a worker's queue: what BullMQ's own `addStandardJob` and then `moveToActive` make of it; a test compares them. */
const addTicket: Fragment = {
  lua: `
local function addTicket(ticket, worker, assignment, options, now)
  local place = ticketsKey .. ticket
  redis.call('HSET', place, 'name', 'assignment', 'data', assignment, 'opts', options, 'timestamp', now, 'delay', 0)
  redis.call('HSET', place, 'priority', 0, 'processedOn', now, 'pb', worker, 'ats', 1)
  redis.call('SET', place .. ':lock', worker, 'PX', ${String(ticketLockMs)})
  redis.call('LPUSH', takenKey, ticket)
  redis.call('ZADD', markerKey, 0, '0')
end`,
};

/** What an assignment is given: see `assignScript`. */
export const assignShape = {
  keys: [
    ...(['job', 'worker', 'events', 'grant', 'model', 'ttl', 'halts', 'owner'] as const),
    ...(['taken', 'marker', 'tickets'] as const),
  ],
  args: [
    ...(['id', 'worker', 'scheduler', 'start', 'lock', 'grant', 'grantMs'] as const),
    ...(['assignedEvents', 'assignment', 'ticketOptions'] as const),
  ],
  rest: 'grantFields',
} as const;

/**
 * Gives a queued job to an idle worker: the lease token rises, the bridge grant is made, the event is written, and the assignment
 * put into the worker's queue. Only the worker's owner may: whoever was frozen with a claim in its hands would come before all that
 * was submitted in the meantime.
 *
 * The ticket in the worker's queue stands in a step with the lease that it is for. Left out is what nobody reads: BullMQ's own event
 * stream, and its counter for ids. `assignment` is JSON without its first brace: lease and attempt are put before it.
 *
 * Gives {'assigned', lease, attempt}, {'state', state or ''}, {'elsewhere'}, {'worker'}, {'cordoned'} or {'halted'}. Asked again
 * under the same lock, because the first answer was lost with its connection, it answers the same: the worker may have begun.
 */
export const assignScript = defineScript(
  {
    ...assignShape,
    include: [isHeldState, canMoveTo('assigned'), isHalted, noteSpent, addTicket, appendEvents, nowMs],
  },
  `
local at = redis.call('HMGET', jobKey, 'state', 'lock', 'worker', 'lease', 'attempt', 'profile')
local isOurs = isHeld(at[1]) and at[2] == lock and at[3] == worker
if isOurs then return {'assigned', at[4], at[5]} end -- rule: asked again
if not canBeAssigned(at[1]) then return {'state', at[1] or ''} end -- rule: queued
if redis.call('GET', ownerKey) ~= scheduler then return {'elsewhere'} end -- rule: owner
if redis.call('HGET', workerKey, 'phase') ~= 'idle' then return {'worker'} end -- rule: idle
if redis.call('HEXISTS', workerKey, 'cordoned') == 1 then return {'cordoned'} end -- rule: cordoned
if isHalted(at[6]) then return {'halted'} end -- rule: halted
-- A grant that stands is another job's, whoever names it.
if redis.call('EXISTS', grantKey) == 1 then return {'worker'} end -- rule: one grant
local now = nowMs()
local lease = redis.call('HINCRBY', jobKey, 'lease', 1)
local attempt = redis.call('HINCRBY', jobKey, 'attempt', 1)
redis.call('HSET', jobKey, 'state', 'assigned', 'worker', worker, 'claimedAt', now, 'start', start, 'lock', lock, 'grant', grant)
redis.call('HDEL', jobKey, 'wakeAt', 'startedAt', 'failure')
redis.call('HSET', workerKey, 'phase', 'busy', 'job', id, 'lease', lease)
redis.call('HDEL', workerKey, 'idleSince')
redis.call('HSET', grantKey, 'lease', lease, unpack(grantFields))
redis.call('PEXPIRE', grantKey, grantMs)
redis.call('HDEL', modelKey, 'firstRequestAt', 'firstTokenAt', 'limitResetAt')
if attempt > 1 then noteSpent() end
redis.call('ZREM', ttlKey, id)
appendEvents(jobKey, eventsKey, attempt, 1, assignedEvents)
addTicket(id .. '.' .. lease, worker, '{"attempt":' .. attempt .. ',"lease":' .. lease .. ',' .. assignment, ticketOptions, now)
return {'assigned', lease, attempt}
`,
);

/**
 * Takes batches of events over from workers' streams into their jobs' streams, each by its lease, and moves the cursors. Of each batch
 * `count` events follow what the worker said up to `before`, and reach to `after`; `startedAt` is '' where it was told before. About
 * `mostEntries` are kept of a stream.
 * Gives per batch 'ok', 'fenced' (not the lease of now) or the cursor that stands instead of the expected one.
 */
export const relayScript = defineScript(
  {
    keys: ['cursors', 'counters'],
    args: ['mostEntries'],
    each: {
      keys: ['job', 'events'],
      args: ['worker', 'lease', 'before', 'after', 'count', 'events', 'startedAt'],
    },
    include: [isHeldBy, isAtCursor, appendEvents],
    whenFull: true,
  },
  ({ forEach }) => `
local answers = {}
${forEach}
  local cursor = redis.call('HGET', cursorsKey, worker) or '0-0'
  if not isAtCursor(cursor, before) then
    answers[nth] = cursor
  else
    redis.call('HSET', cursorsKey, worker, after) -- rule: cursor
    local at = redis.call('HMGET', jobKey, ${heldFields})
    if not isHeldBy(at, worker, lease) then
      redis.call('HINCRBY', countersKey, 'fenced', 1)
      answers[nth] = 'fenced'
    else
      if startedAt ~= '' and at[2] == 'assigned' then redis.call('HSET', jobKey, 'state', 'running', 'startedAt', startedAt) end
      if count ~= '0' then appendEvents(jobKey, eventsKey, at[3], count, events, mostEntries) end
      answers[nth] = 'ok'
    end
  end
end
return answers
`,
);

/** Gives the id of the last entry of a worker's stream, without the entry; `0-0` where there is none. */
export const lastEntryScript = defineScript(
  { keys: ['out'] },
  `
local last = redis.call('XREVRANGE', outKey, '+', '-', 'COUNT', 1)
if last[1] then return last[1][1] end
return '0-0'
`,
);

/** Moves a cursor, and nothing else. Gives the cursor that stands then. */
export const skipScript = defineScript(
  { keys: ['cursors'], args: ['worker', 'before', 'after'], whenFull: true },
  `
local cursor = redis.call('HGET', cursorsKey, worker) or '0-0'
if cursor == before then
  cursor = after
  redis.call('HSET', cursorsKey, worker, cursor)
end
return cursor
`,
);

/** Adds an attempt without success to the list of them: what the record knows of it, then what is known of its end. */
const noteAttempt: Fragment = {
  lua: `
local function noteAttempt(record, members)
  local was = redis.call('HMGET', jobKey, 'claimedAt', 'startedAt', 'start')
  local entry = '{"attempt":' .. record[3] .. ',"worker":"' .. record[4] .. '","lease":' .. record[1] .. ',"claimedAt":' .. (was[1] or 0)
  if was[2] then entry = entry .. ',"startedAt":' .. was[2] end
  if was[3] then entry = entry .. ',"start":' .. was[3] end
  redis.call('RPUSH', attemptsKey, entry .. ',' .. members)
  redis.call('LTRIM', attemptsKey, -${String(maxAttemptEntries)}, -1)
end`,
};

/**
 * Moves the place of a job that is over to those that BullMQ shows as finished, as BullMQ's own `moveToFinished` would have it; a test
 * compares the two. Where the lock is not the job's any more, the place is left to whoever has it. Left out is what nobody reads, like
 * BullMQ's event stream, and the stack of an error that we make up; of those that are finished no more than ten leave at a time.
 */
const finishPlace: Fragment = {
  lua: `
local function finishPlace(queue, id, lock, failure, now, keptCount, keptMs)
  local place = queue .. id
  if not lock or redis.call('GET', place .. ':lock') ~= lock then return end
  if redis.call('LREM', queue .. 'active', -1, id) == 0 then return end
  redis.call('DEL', place .. ':lock')
  redis.call('SREM', queue .. 'stalled', id)
  redis.call('HINCRBY', place, 'atm', 1)
  local line = queue .. 'completed'
  if failure == '' then
    redis.call('HSET', place, 'returnvalue', 'null', 'finishedOn', now)
  else
    line = queue .. 'failed'
    redis.call('HSET', place, 'failedReason', failure, 'finishedOn', now)
  end
  redis.call('ZADD', line, now, id)
  local above = redis.call('ZCARD', line) - tonumber(keptCount)
  if above > 10 then above = 10 end
  local old = redis.call('ZRANGEBYSCORE', line, '-inf', now - keptMs, 'LIMIT', 0, 10)
  if above > #old then old = redis.call('ZRANGE', line, 0, above - 1) end
  for _, other in ipairs(old) do
    redis.call('ZREM', line, other)
    redis.call('DEL', queue .. other, queue .. other .. ':logs')
  end
end`,
};

/** What an ending is given: see `settleScript`. */
export const settleShape = {
  keys: [...endedKeys, 'cursors', 'counters', 'grant', 'deadLetters'],
  args: [
    ...([
      'id',
      'worker',
      'lease',
      'before',
      'after',
      'now',
      'state',
      'count',
      'events',
      'keysEndMs',
      'raised',
    ] as const),
    ...(['wakeAt', 'result', 'attemptMembers', 'isDeadLetter'] as const),
    ...(['beforeQueue', 'behindQueue', 'bullFailure', 'keptCount', 'keptMs'] as const),
  ],
  rest: 'fields',
} as const;

/**
 * Ends an attempt: the job is over, or queued again. Refused unless the lease is the one of now. The place of a job that is over follows in
 * the same step; that of a job that is queued again follows later.
 *
 * `before` and `after` are those of the relay's cursor, '' where it does not move; `raised` are counts of the record, as JSON; '' stands for no
 * `wakeAt`, `result`, `attemptMembers` (what is to be kept of an attempt without success) and `bullFailure`; `fields` are written into the record.
 * BullMQ keeps `keptCount` finished places, for `keptMs`.
 * Gives 'ok' and when the model's first token came, 'fenced', the cursor that stands instead of the expected one, or 'cancelled' and
 * does nothing where the job would be queued again and its cancel was asked for in the meantime.
 */
export const settleScript = defineScript(
  {
    ...settleShape,
    include: [isHeldBy, isAtCursor, noteAttempt, appendEvents, endJob, finishPlace],
    whenFull: true,
  },
  `
local isAgain = state == 'queued'
if isAgain then
  local asked = redis.call('HMGET', jobKey, 'lease', 'cancelRequestedAt')
  if asked[1] == lease and asked[2] then return {'cancelled'} end -- rule: cancel first
end
if before ~= '' then
  local cursor = redis.call('HGET', cursorsKey, worker) or '0-0'
  if not isAtCursor(cursor, before) then return {cursor} end
  redis.call('HSET', cursorsKey, worker, after) -- rule: cursor
end
local at = redis.call('HMGET', jobKey, ${heldFields}, 'profile', 'lock')
if not isHeldBy(at, worker, lease) then
  redis.call('HINCRBY', countersKey, 'fenced', 1)
  return {'fenced'}
end
redis.call('HSET', jobKey, 'state', state)
if #fields > 0 then redis.call('HSET', jobKey, unpack(fields)) end
redis.call('DEL', grantKey)
if attemptMembers ~= '' then noteAttempt(at, attemptMembers) end
appendEvents(jobKey, eventsKey, at[3], count, events)
if isAgain then
  for _, name in ipairs(cjson.decode(raised)) do redis.call('HINCRBY', jobKey, name, 1) end -- rule: count requeues
  redis.call('HDEL', jobKey, 'worker', 'lock', 'grant')
  redis.call('HSET', jobKey, 'requeuedAt', now)
  if wakeAt ~= '' then redis.call('HSET', jobKey, 'wakeAt', wakeAt) end
else
  if result ~= '' then redis.call('SET', resultKey, result) end
  if isDeadLetter == '1' then redis.call('ZADD', deadLettersKey, now, id) end
  endJob(id, now, keysEndMs)
  finishPlace(beforeQueue .. at[5] .. behindQueue, id, at[6], bullFailure, now, keptCount, keptMs)
end
return {'ok', redis.call('HGET', modelKey, 'firstTokenAt') or ''}
`,
);
