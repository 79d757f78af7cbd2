import type { Fragment } from '../script/define-script.js';

/** The keys that `retire` works on, by the names that a script has for them. */
export const retiredKeys = ['job', 'prompt', 'events', 'result', 'model', 'attempts', 'over', 'retained'] as const;

/**
 * Marks a job as over: its keys get a distant expiry, and its end and its size in Redis are indexed so that retention
 * can delete it in time. A redrive undoes this. The bridge's counts exist from now on in any case: a request may
 * outlive its job, and what it counts afterwards then expires with the rest.
 */
export const retire: Fragment = {
  lua: `
local function retire(id, now, keysEndMs)
  if redis.call('EXISTS', modelKey) == 0 then redis.call('HSET', modelKey, 'requests', 0) end
  local bytes = 0
  for _, key in ipairs({jobKey, promptKey, eventsKey, resultKey, modelKey, attemptsKey}) do
    local size = redis.call('MEMORY', 'USAGE', key)
    if size then
      bytes = bytes + size
      redis.call('PEXPIRE', key, keysEndMs)
    end
  end
  redis.call('HSET', jobKey, 'bytes', bytes)
  redis.call('INCRBY', retainedKey, bytes)
  redis.call('ZADD', overKey, now, id)
end`,
};
