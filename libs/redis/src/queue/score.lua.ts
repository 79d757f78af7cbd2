import type { Fragment } from '../script/define-script.js';

/** BullMQ's score of a prioritized job: of the same priority, the one that was counted first comes first. */
export const priorityScore: Fragment = {
  lua: 'local function scoreOf(priority, count) return priority * 0x100000000 + count % 0x100000000 end',
};

/** Adds a job to the delayed ones; of the same time, the one that was added first comes first, as with BullMQ. */
export const addDelayed: Fragment = {
  lua: `
local function addDelayed(delayedKey, id, at)
  local before = redis.call('ZCOUNT', delayedKey, at * 0x1000, at * 0x1000 + 0xfff)
  if before > 0xfff then before = 0xfff end
  redis.call('ZADD', delayedKey, at * 0x1000 + before, id)
end`,
};
