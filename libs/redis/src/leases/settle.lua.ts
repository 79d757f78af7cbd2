import { defaultTenant } from '@remuda/domain';
import { addEvents } from '../events/append.lua.js';
import { endJob, endedArgs, endedKeys } from '../jobs/end-job.lua.js';
import { messageFormats } from '@remuda/protocol';
import { defineScript, type Fragment } from '../script/define-script.js';
import { endOfTenant } from '../tenants/limits.lua.js';
import { settleTurn } from '../tenants/lines.lua.js';
import { maxAttemptEntries } from './attempt-entry.js';
import { heldFields, isAtCursor, isHeldBy } from './held.lua.js';
import { countedFields, spentMembers, spentOf } from './spent.lua.js';

/** Appends an unsuccessful attempt to the list: what the record says of it, then what is known of its end. */
const noteAttempt: Fragment = {
  lua: `
local function noteAttempt(record, members)
  local was = redis.call('HMGET', jobKey, 'claimedAt', 'startedAt', 'start')
  local entry = '{"attempt":' .. record[3] .. ',"worker":"' .. record[4] .. '","lease":' .. record[1] .. ',"claimedAt":' .. (was[1] or 0)
  if was[2] then entry = entry .. ',"startedAt":' .. was[2] end
  if was[3] then entry = entry .. ',"start":' .. was[3] end
  redis.call('RPUSH', attemptsKey, entry .. ',' .. members .. '}')
  redis.call('LTRIM', attemptsKey, -${String(maxAttemptEntries)}, -1)
end`,
};

/**
 * Lets the job's tenant pay for the attempt that ends: in turns at the profile's workers, and in dollars. Its job runs no
 * longer.
 */
const payForTurn: Fragment = {
  needs: [endOfTenant, settleTurn],
  lua: `
local function payForTurn(spent)
  local was = redis.call('HMGET', jobKey, 'tenant', 'profile', 'claimedAt', 'charged', 'reserved')
  local name, seconds, usd = was[1] or '${defaultTenant}', (now - (was[3] or now)) / 1000, spent and spent.costUsd or 0
  settleTurn(beforeFair .. was[2], tenants, name, seconds, usd, was[4] or 0)
  if was[4] then redis.call('HDEL', jobKey, 'charged') end
  local at = {beforeTenant = beforeTenant, beforeFair = beforeFair, tenants = tenants, wakeChannel = wakeChannel}
  endOf(name, id, state == 'queued', was[5], math.floor(usd * 1000000 + 0.5), at, day, month)
end`,
};

/** Of a grant, what stays for a snapshot that is still to be taken. */
const keepGrant: Fragment = {
  lua: `
local function keepGrant()
  redis.call('HSET', keepGrantKey, 'v', ${String(messageFormats.own)}, 'job', id, 'worker', worker, 'lease', lease)
  redis.call('PEXPIRE', keepGrantKey, keepMs)
end`,
};

/** The end of a JSON list whose last event has `data` as its last member. */
export const endOfEvents = '}}]';

/** The inputs of `settleScript`. */
export const settleShape = {
  keys: [...endedKeys, 'cursors', 'counters', 'grant', 'keepGrant', 'deadLetters'],
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
    ...(['wakeAt', 'result', 'usage', 'costUsd', 'attemptMembers', 'isDeadLetter', 'keepMs'] as const),
    ...endedArgs,
    ...(['day', 'month'] as const),
  ],
  rest: 'fields',
} as const;

/**
 * Ends an attempt: the job is over, or queued again. Rejected unless the lease is the current one. The job's place in
 * its queue is updated afterwards.
 *
 * `before` and `after` are positions of the relay's cursor, '' if it does not move. `raised` is a JSON list of
 * counters in the record. `wakeAt`, `result`, `usage`, `costUsd` and `attemptMembers` (what is kept of an unsuccessful
 * attempt) are '' if absent. `fields` are written into the record. The bridge's counts take precedence over `usage`
 * and `costUsd`, and are appended to JSON that is still open: `events` lacks `endOfEvents`, `result` and
 * `attemptMembers` lack the last brace.
 *
 * `keepMs` is '' unless this is a turn whose snapshot is still to be taken: for so long its worker may store it, and
 * nothing else.
 *
 * Returns 'ok' and the time of the model's first token, or 'fenced', or the actual cursor if it is not the expected
 * one. Returns 'cancelled' and does nothing if the job would be queued again although its cancellation was requested
 * meanwhile.
 */
export const settleScript = defineScript(
  {
    ...settleShape,
    include: [isHeldBy, isAtCursor, keepGrant, noteAttempt, addEvents, spentOf, spentMembers, payForTurn, endJob],
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
local at = redis.call('HMGET', jobKey, ${heldFields}, 'seq', 'session')
if not isHeldBy(at, worker, lease) then
  redis.call('HINCRBY', countersKey, 'fenced', 1)
  return {'fenced'}
end
local counts = redis.call('HMGET', modelKey, ${countedFields})
local told = usage ~= '' and {usage = usage, costUsd = costUsd}
local spent = not isAgain and (spentOf(counts) or told)
local seq = at[5] + count
if spent then
  for _, value in ipairs({'usage', spent.usage, 'costUsd', spent.costUsd}) do fields[#fields + 1] = value end
end
redis.call('HSET', jobKey, 'state', state, 'seq', seq, isAgain and 'requeuedAt' or 'overAt', now, unpack(fields))
redis.call('DEL', grantKey)
if keepMs ~= '' then keepGrant() end
payForTurn(spentOf(counts, true) or spent)
if attemptMembers ~= '' then noteAttempt(at, attemptMembers .. spentMembers(spentOf(counts, true))) end
addEvents(eventsKey, seq, at[3], count, events .. spentMembers(spent) .. '${endOfEvents}')
if isAgain then
  for _, name in ipairs(cjson.decode(raised)) do redis.call('HINCRBY', jobKey, name, 1) end -- rule: count requeues
  redis.call('HDEL', jobKey, 'worker', 'lock', 'grant')
  if wakeAt ~= '' then redis.call('HSET', jobKey, 'wakeAt', wakeAt) end
else
  if result ~= '' then redis.call('SET', resultKey, result .. spentMembers(spent) .. '}') end
  if isDeadLetter == '1' and not at[6] then redis.call('ZADD', deadLettersKey, now, id) end
  endJob(id, now, keysEndMs, keepMs ~= '')
end
return {'ok', counts[2] or ''}
`,
);
