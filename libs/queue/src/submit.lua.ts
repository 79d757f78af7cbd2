import { script } from './script.js';

/**
 * Writes the records of all jobs, or of none.
 * KEYS: jobs, unplaced, ttl, idempotency (any of ours where there is no key), then per job: job, prompt, events, secrets.
 * ARGV: now, fingerprint ('' for no idempotency key), idempotency ttl ms, ids as JSON, then per job: id, spec, prompt, profile, ttl deadline or '', wakeAt or '', event,
 *       secrets or '', number of label keys, label keys.
 * Gives {'new'}, {'repeated', ids as JSON} or {'conflict'}.
 */
export const submitScript = script(`
local now = ARGV[1]
if ARGV[2] ~= '' then
  local known = redis.call('HMGET', KEYS[4], 'fingerprint', 'ids')
  if known[1] then
    if known[1] == ARGV[2] then return {'repeated', known[2]} end
    return {'conflict'}
  end
  redis.call('HSET', KEYS[4], 'fingerprint', ARGV[2], 'ids', ARGV[4])
  redis.call('PEXPIRE', KEYS[4], ARGV[3])
end
local a = 5
for k = 5, #KEYS, 4 do
  local id, spec, prompt, profile, ttl, wakeAt, event, secrets, labels = ARGV[a], ARGV[a+1], ARGV[a+2], ARGV[a+3], ARGV[a+4], ARGV[a+5], ARGV[a+6], ARGV[a+7], tonumber(ARGV[a+8])
  redis.call('HSET', KEYS[k], 'state', 'queued', 'profile', profile, 'spec', spec, 'queuedAt', now, 'seq', 1)
  if wakeAt ~= '' then redis.call('HSET', KEYS[k], 'wakeAt', wakeAt) end
  redis.call('SET', KEYS[k+1], prompt)
  if secrets ~= '' then redis.call('SET', KEYS[k+3], secrets) end
  redis.call('XADD', KEYS[k+2], '1-0', 'n', 1, 'a', 0, 'd', event)
  redis.call('ZADD', KEYS[1], now, id)
  redis.call('ZADD', KEYS[2], now, id)
  if ttl ~= '' then redis.call('ZADD', KEYS[3], ttl, id) end
  for l = 1, labels do redis.call('ZADD', ARGV[a+8+l], now, id) end
  a = a + 9 + labels
end
return {'new'}
`);

/**
 * Takes back jobs that were written but found no place in their queue.
 * KEYS: jobs, unplaced, ttl, then every key of those jobs and their idempotency key. ARGV: ids.
 */
export const withdrawScript = script(`
for i, id in ipairs(ARGV) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
end
for k = 4, #KEYS do redis.call('DEL', KEYS[k]) end
return #ARGV
`);
