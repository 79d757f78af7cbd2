import { addDelayed, priorityScore } from '../queue/score.lua.js';
import { refusalArgs, refusalOf } from '../tenants/refusal.lua.js';
import { enterLine, lineOfTenant, rankInLine } from '../tenants/lines.lua.js';
import { defineScript } from '../script/define-script.js';

/** The keys and arguments of one job that is submitted. */
export const submittedJob = {
  keys: [
    ...(['job', 'prompt', 'events', 'secrets', 'place', 'prioritized', 'delayed', 'priorityCounter'] as const),
    ...(['tenantWaiting', 'fair'] as const),
  ],
  args: [
    ...(['id', 'tenant', 'session', 'profile', 'spec', 'prompt', 'queuedEvents'] as const),
    ...(['priority', 'deadline', 'wakeAt', 'data', 'options', 'secrets', 'labels', 'webhook'] as const),
  ],
} as const;

/** Answers a repeated submission: the key was used before, with this body or with another one. */
export const unlessRepeated = `
if fingerprint ~= '' then
  local known = redis.call('HMGET', idempotencyKey, 'fingerprint', 'ids')
  if known[1] then
    if known[1] == fingerprint then return {'repeated', known[2]} end
    return {'conflict'}
  end
`;

/** Writes down that the key is used now. */
export const noteIdempotency = `
  redis.call('HSET', idempotencyKey, 'fingerprint', fingerprint, 'ids', ids)
  redis.call('PEXPIRE', idempotencyKey, idempotencyMs)
`;

/** Writes the record of one job and what is indexed of it; its place follows. */
export const writeRecord = `
  redis.call('HSET', jobKey, 'state', 'queued', 'profile', profile, 'spec', spec, 'queuedAt', now, 'seq', 1)
  if tenant ~= '' then redis.call('HSET', jobKey, 'tenant', tenant) end
  if session ~= '' then redis.call('HSET', jobKey, 'session', session) end
  if webhook ~= '' then redis.call('HSET', jobKey, 'webhook', webhook) end
  redis.call('SADD', tenantWaitingKey, id)
  redis.call('SET', promptKey, prompt)
  if secrets ~= '' then redis.call('SET', secretsKey, secrets) end
  redis.call('XADD', eventsKey, '1-0', 'n', 1, 'a', 0, 'd', queuedEvents)
  redis.call('ZADD', jobsKey, now, id)
  if deadline ~= '' then redis.call('ZADD', ttlKey, deadline, id) end
  if labels ~= '[]' then
    redis.call('HSET', jobKey, 'labels', labels)
    for _, label in ipairs(cjson.decode(labels)) do redis.call('ZADD', beforeLabel .. label, now, id) end
  end
`;

/** Writes what BullMQ has of a job's place, without the place itself; `rank` is its priority in its tenant's line. */
export const writePlace = `
  redis.call('HSET', placeKey, 'name', profile, 'data', data, 'opts', options, 'timestamp', now, 'delay', delay, 'priority', rank)
`;

/**
 * Writes the records of all jobs and their places in the queues, or nothing at all.
 *
 * A place is what BullMQ's own `addPrioritizedJob` and `addDelayedJob` would write, here in one step with the record
 * and for the whole group; a test compares them. Two things that nobody reads are left out: BullMQ's event stream, and
 * the marker for blocking consumers.
 *
 * Without an idempotency key, `idempotency` is any key of ours and `fingerprint` is ''. `ids` and `wakes` are JSON:
 * the answer to a repeated submission, and the messages to schedulers on `wakeChannel`. Per job, `tenant` and
 * `session` are '' for the default tenant and for no session; `spec`, `data` and `options` (both BullMQ's), `secrets`
 * ('' for none) and `labels` (a list of `key=value`) are JSON; `webhook` is '1' if there is one; `deadline` and `wakeAt` are epoch ms or ''.
 *
 * A tenant that has limits submits its `count` jobs alone; `limited` is then the key of its data.
 *
 * Returns {'new'}, {'repeated', ids as JSON}, {'conflict'} or {'limited', limit}. Sent again after its answer was lost, it changes
 * nothing.
 */
export const submitScript = defineScript(
  {
    keys: ['jobs', 'ttl', 'idempotency', 'firstJob', 'tenants', 'limited'],
    args: [
      ...(['now', 'fingerprint', 'idempotencyMs', 'ids', 'wakeChannel', 'wakes', 'beforeLabel', 'count'] as const),
      ...refusalArgs,
    ],
    each: submittedJob,
    include: [priorityScore, addDelayed, lineOfTenant, rankInLine, enterLine, refusalOf],
  },
  ({ forEach }) => `
${unlessRepeated}
elseif redis.call('EXISTS', firstJobKey) == 1 then
  return {'new'}
end
local limit = refusalOf(limitedKey, count)
if limit then return {'limited', limit} end -- rule: limits of submissions
if fingerprint ~= '' then
${noteIdempotency}
end
${forEach}
${writeRecord}
  local delay, line = 0, lineOf(tenantsKey, tenant)
  local rank = rankIn(line, priority)
  if wakeAt == '' then
    local count = redis.call('INCR', priorityCounterKey)
    redis.call('ZADD', prioritizedKey, scoreOf(rank, count), id)
    enterLine(fairKey, tenantsKey, line, tenant)
  else
    redis.call('HSET', jobKey, 'wakeAt', wakeAt)
    delay = wakeAt - now
    addDelayed(delayedKey, id, wakeAt)
  end
${writePlace}
end
for _, wake in ipairs(cjson.decode(wakes)) do redis.call('PUBLISH', wakeChannel, wake) end
return {'new'}
`,
);

/**
 * Removes jobs whose client was not told that they were accepted. Jobs that a worker already has stay. Returns the
 * number of removed jobs.
 */
export const withdrawScript = defineScript(
  {
    keys: ['jobs', 'ttl'],
    args: ['beforeLabel'],
    each: {
      keys: ['job', 'prompt', 'events', 'secrets', 'place', 'prioritized', 'delayed', 'tenantWaiting'],
      args: ['id'],
    },
  },
  ({ forEach }) => `
local back = 0
${forEach}
  local at = redis.call('HMGET', jobKey, 'state', 'labels')
  if at[1] == 'queued' then
    for _, index in ipairs({jobsKey, ttlKey, prioritizedKey, delayedKey}) do redis.call('ZREM', index, id) end
    for _, label in ipairs(cjson.decode(at[2] or '[]')) do redis.call('ZREM', beforeLabel .. label, id) end
    redis.call('DEL', jobKey, promptKey, eventsKey, secretsKey, placeKey)
    redis.call('SREM', tenantWaitingKey, id)
    back = back + 1
  end
end
return back
`,
);
