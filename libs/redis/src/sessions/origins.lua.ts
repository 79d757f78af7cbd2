import type { Fragment } from '../script/define-script.js';

/** A session keeps the snapshot of a job, as others may. `origins` is the key of the snapshots that sessions keep. */
export const holdOrigin: Fragment = {
  lua: `
local function holdOrigin(origins, job, snapshot)
  if redis.call('HSETNX', origins, job, snapshot) == 0 then redis.call('HINCRBY', origins .. ':shared', job, 1) end
end`,
};

/** A session keeps it no longer. The last one lets it go. */
export const releaseOrigin: Fragment = {
  lua: `
local function releaseOrigin(origins, job)
  local others = redis.call('HINCRBY', origins .. ':shared', job, -1)
  if others <= 0 then redis.call('HDEL', origins .. ':shared', job) end
  if others < 0 then redis.call('HDEL', origins, job) end
end`,
};

/**
 * A session has a new snapshot: the one before is kept, for forks, and the oldest of more than it keeps is released. `before` is the
 * job of the one before, and `turn` its number.
 */
export const keepOrigin: Fragment = {
  needs: [releaseOrigin],
  lua: `
local function keepOrigin(origins, session, before, turn, most)
  redis.call('ZADD', session .. ':kept', turn, before)
  for _, oldest in ipairs(redis.call('ZRANGE', session .. ':kept', 0, -most)) do
    redis.call('ZREM', session .. ':kept', oldest)
    releaseOrigin(origins, oldest)
  end
end`,
};
