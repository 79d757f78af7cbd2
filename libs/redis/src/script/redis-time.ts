import type { Fragment } from './define-script.js';

/** Redis' own time, in epoch ms: the one clock by which points in time are compared. */
export const nowMs: Fragment = {
  lua: `
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end`,
};
