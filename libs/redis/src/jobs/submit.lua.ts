import { script } from '../script/script.js';

/**
 * Writes the records of all jobs and gives them their places in their queues, or does nothing at all.
 *
 * A place is what BullMQ's own `addPrioritizedJob` and `addDelayedJob` make of one job, in a step with its record and
 * with all of its group; a test compares the two. Left out is what nobody reads: BullMQ's own event stream, and the sign
 * for consumers that block.
 *
 * KEYS: jobs, ttl, idempotency (any of ours where there is no key), then per queue: prioritized, delayed, counter of
 * priorities, then per job: job, prompt, events, BullMQ's job, secrets.
 * ARGV: now, fingerprint ('' for no idempotency key), idempotency ttl ms, ids as JSON, wake channel, number of queues, their
 * profiles, what stands before a label in the key of its index, then per job: id, number of its queue, spec, prompt, event, priority, ttl deadline or '', wakeAt or '', BullMQ's
 * data, BullMQ's options, secrets or '', labels as JSON or ''.
 * Gives {'new'}, {'repeated', ids as JSON} or {'conflict'}. Sent again because the first answer was lost, it changes nothing.
 */
export const submitScript = script(`
local now, queues = ARGV[1], tonumber(ARGV[6])
local first = 4 + 3 * queues
if ARGV[2] ~= '' then
  local known = redis.call('HMGET', KEYS[3], 'fingerprint', 'ids')
  if known[1] then
    if known[1] == ARGV[2] then return {'repeated', known[2]} end
    return {'conflict'}
  end
  redis.call('HSET', KEYS[3], 'fingerprint', ARGV[2], 'ids', ARGV[4])
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
elseif redis.call('EXISTS', KEYS[first]) == 1 then
  return {'new'}
end
local placed = {}
local a = 8 + queues
for k = first, #KEYS, 5 do
  local id, queue, spec, prompt, event, priority, ttl, wakeAt, data, opts, secrets, labels = unpack(ARGV, a, a + 11)
  queue = tonumber(queue)
  local profile, q = ARGV[6 + queue], 1 + 3 * queue
  redis.call('HSET', KEYS[k], 'state', 'queued', 'profile', profile, 'spec', spec, 'queuedAt', now, 'seq', 1)
  if labels ~= '' then redis.call('HSET', KEYS[k], 'labels', labels) end
  redis.call('SET', KEYS[k+1], prompt)
  if secrets ~= '' then redis.call('SET', KEYS[k+4], secrets) end
  redis.call('XADD', KEYS[k+2], '1-0', 'n', 1, 'a', 0, 'd', event)
  redis.call('ZADD', KEYS[1], now, id)
  if ttl ~= '' then redis.call('ZADD', KEYS[2], ttl, id) end
  for _, label in ipairs(labels ~= '' and cjson.decode(labels) or {}) do redis.call('ZADD', ARGV[7 + queues] .. label, now, id) end
  local delay = 0
  if wakeAt == '' then
    local count = redis.call('INCR', KEYS[q+2])
    redis.call('ZADD', KEYS[q], priority * 0x100000000 + count % 0x100000000, id)
  else
    redis.call('HSET', KEYS[k], 'wakeAt', wakeAt)
    delay = wakeAt - now
    local before = redis.call('ZCOUNT', KEYS[q+1], wakeAt * 0x1000, wakeAt * 0x1000 + 0xfff)
    if before > 0xfff then before = 0xfff end
    redis.call('ZADD', KEYS[q+1], wakeAt * 0x1000 + before, id)
  end
  redis.call('HSET', KEYS[k+3], 'name', profile, 'data', data, 'opts', opts, 'timestamp', now, 'delay', delay, 'priority', priority)
  placed[queue] = (placed[queue] or 0) + 1
  a = a + 12
end
for queue = 1, queues do redis.call('PUBLISH', ARGV[5], ARGV[6 + queue] .. ' ' .. placed[queue]) end
return {'new'}
`);

/**
 * Takes jobs back whose client was not told that they were accepted. What a worker was given meanwhile stays.
 * KEYS: jobs, ttl, then per job: prioritized, delayed, job, prompt, events, BullMQ's job, secrets. ARGV: what stands before a label in the key of
 * its index, ids. Gives the number of jobs that were taken back.
 */
export const withdrawScript = script(`
local back = 0
for i = 2, #ARGV do
  local id, k = ARGV[i], 7 * i - 11
  if redis.call('HGET', KEYS[k+2], 'state') == 'queued' then
    for z = 1, 2 do redis.call('ZREM', KEYS[z], id) end
    local labels = redis.call('HGET', KEYS[k+2], 'labels')
    for _, label in ipairs(labels and cjson.decode(labels) or {}) do redis.call('ZREM', ARGV[1] .. label, id) end
    for z = k, k + 1 do redis.call('ZREM', KEYS[z], id) end
    for d = k + 2, k + 6 do redis.call('DEL', KEYS[d]) end
    back = back + 1
  end
end
return back
`);
