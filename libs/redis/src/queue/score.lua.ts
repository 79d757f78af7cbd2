import type { Fragment } from '../script/define-script.js';

/** BullMQ's score of a job that waits by priority: of the same priority the one comes first that was counted first. */
export const priorityScore: Fragment = {
  lua: 'local function scoreOf(priority, count) return priority * 0x100000000 + count % 0x100000000 end',
};

/** Lines a job up among those that wait for a time; of the same time the one comes first that was lined up first, as with BullMQ. */
export const addDelayed: Fragment = {
  lua: `
local function addDelayed(delayedKey, id, at)
  local before = redis.call('ZCOUNT', delayedKey, at * 0x1000, at * 0x1000 + 0xfff)
  if before > 0xfff then before = 0xfff end
  redis.call('ZADD', delayedKey, at * 0x1000 + before, id)
end`,
};
