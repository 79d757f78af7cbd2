import type { Fragment } from '../script/define-script.js';

/** The keys that `retire` works on, by the names that a script has for them. */
export const retiredKeys = ['job', 'prompt', 'events', 'result', 'model', 'attempts', 'over', 'retained'] as const;

/**
 * With this a job is over: its keys get an end of their own, far away, and it is written down when that was and how much of Redis the job
 * takes, so that it can be forgotten in time. A redrive takes that back. What the bridge has counted is there from now on in any case: a
 * request may outlive its job, and what it counts then ends with the rest.
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
