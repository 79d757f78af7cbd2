import { defaultTenant } from '@remuda/domain';
import { addEvents } from '../events/append.lua.js';
import { canMoveTo, isHeldState } from '../jobs/states.lua.js';
import { defineScript, type Fragment } from '../script/define-script.js';
import { startOfTenant } from '../tenants/limits.lua.js';
import { nowMs } from '../script/redis-time.js';
import { beforeMark, spentFields } from './spent.js';

/**
 * Only its worker takes from its queue, and no assignment lasts longer than a day: so the lock of a ticket needs no
 * renewal.
 */
const ticketLockMs = 25 * 3_600_000;

/** Whether a profile's jobs may not start. */
const isHalted: Fragment = {
  lua: `
local function isHalted(profile)
  if redis.call('EXISTS', haltsKey) == 0 then return false end
  local halts = redis.call('HMGET', haltsKey, 'paused:*', 'paused:' .. profile, 'drained:' .. profile, 'suspended:' .. profile)
  return halts[1] or halts[2] or halts[3] or halts[4]
end`,
};

/**
 * Records what a job has spent when another attempt begins, so that the attempt's own share can be computed; of its
 * requests, the first one is noted anew.
 */
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
  redis.call('HDEL', modelKey, 'firstRequestAt', 'firstTokenAt', 'limitResetAt')
end`,
};

/**
 * Puts an assignment into a worker's queue, as BullMQ's own `addStandardJob` followed by `moveToActive` would; a test
 * compares them.
 */
const addTicket: Fragment = {
  lua: `
local function addTicket(ticket, worker, assignment, options, now)
  local place = ticketsKey .. ticket
  redis.call('HSET', place, 'name', 'assignment', 'data', assignment, 'opts', options, 'timestamp', now, 'delay', 0,
    'priority', 0, 'processedOn', now, 'pb', worker, 'ats', 1)
  redis.call('SET', place .. ':lock', worker, 'PX', ${String(ticketLockMs)})
  redis.call('LPUSH', takenKey, ticket)
  redis.call('ZADD', markerKey, 0, '0')
end`,
};

/** The inputs of `assignScript`. */
export const assignShape = {
  keys: [
    ...(['job', 'worker', 'events', 'grant', 'model', 'ttl', 'halts', 'owner'] as const),
    ...(['taken', 'marker', 'tickets', 'fair', 'tenants'] as const),
  ],
  args: [
    ...(['id', 'worker', 'scheduler', 'start', 'lock', 'grant', 'grantMs'] as const),
    ...(['assignedEvents', 'assignment', 'ticketOptions', 'holds'] as const),
    ...(['beforeTenant', 'budget', 'day', 'month'] as const),
  ],
  rest: 'grantFields',
} as const;

/**
 * Assigns a queued job to an idle worker, or the turn of a session to the worker that waits for it: with `holds` '1' it
 * will wait for the next one as well. Raises the lease token, creates the bridge grant, appends the event, and
 * puts the assignment into the worker's queue. Only the worker's owner may assign: a scheduler that was frozen while
 * it held a claim would otherwise overtake everything submitted since.
 *
 * The ticket is written in one step with its lease. Two things that nobody reads are left out: BullMQ's event stream,
 * and its id counter. `assignment` is JSON without its opening brace: lease and attempt are prepended.
 *
 * The tenant's limits may keep it from starting; `budget` is that of the job in dollars, '' for none, and `day` and `month`
 * are those of now.
 *
 * Returns {'assigned', lease, attempt}, {'state', state or ''}, {'elsewhere'}, {'worker'}, {'cordoned'}, {'halted'} or
 * {'limited', limit}.
 * A repeated call under the same lock, after a lost answer, returns the same: the worker may have begun.
 */
export const assignScript = defineScript(
  {
    ...assignShape,
    include: [isHeldState, canMoveTo('assigned'), isHalted, noteSpent, addTicket, addEvents, startOfTenant, nowMs],
  },
  `
local at = redis.call('HMGET', jobKey, 'state', 'lock', 'worker', 'lease', 'attempt', 'profile', 'seq', 'tenant', 'session')
local isOurs = isHeld(at[1]) and at[2] == lock and at[3] == worker
if isOurs then return {'assigned', at[4], at[5]} end -- rule: asked again
if not canBeAssigned(at[1]) then return {'state', at[1] or ''} end -- rule: queued
if redis.call('GET', ownerKey) ~= scheduler then return {'elsewhere'} end -- rule: owner
local free = redis.call('HMGET', workerKey, 'phase', 'cordoned', 'session')
local isHeldFor = free[1] == 'busy' and at[9] and free[3] == at[9] -- rule: its own session
if free[1] ~= 'idle' and not isHeldFor then return {'worker'} end -- rule: idle
if free[2] then return {'cordoned'} end -- rule: cordoned
if isHalted(at[6]) then return {'halted'} end -- rule: halted
-- A grant that stands is another job's, whoever names it.
if redis.call('EXISTS', grantKey) == 1 then return {'worker'} end -- rule: one grant
local turns = {beforeTenant = beforeTenant, tenants = tenantsKey, fair = fairKey, profile = at[6]}
local limit = startOf(at[8] or '${defaultTenant}', id, budget, turns, day, month)
if limit then return {'limited', limit} end
local now = nowMs()
local lease, attempt, seq = (at[4] or 0) + 1, (at[5] or 0) + 1, at[7] + 1
redis.call('HSET', jobKey, 'state', 'assigned', 'worker', worker, 'claimedAt', now, 'start', start, 'lock', lock,
  'grant', grant, 'lease', lease, 'attempt', attempt, 'seq', seq)
redis.call('HDEL', jobKey, 'wakeAt', 'startedAt', 'failure')
redis.call('HSET', workerKey, 'phase', 'busy', 'job', id, 'lease', lease)
redis.call('HDEL', workerKey, 'idleSince', 'session')
if holds == '1' then redis.call('HSET', workerKey, 'session', at[9]) end
redis.call('HSET', grantKey, 'lease', lease, unpack(grantFields))
redis.call('PEXPIRE', grantKey, grantMs)
if attempt > 1 then noteSpent() end
redis.call('ZREM', ttlKey, id)
addEvents(eventsKey, seq, attempt, 1, assignedEvents)
addTicket(id .. '.' .. lease, worker, '{"attempt":' .. attempt .. ',"lease":' .. lease .. ',' .. assignment, ticketOptions, now)
return {'assigned', lease, attempt}
`,
);
