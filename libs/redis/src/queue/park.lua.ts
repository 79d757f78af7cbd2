import { defineScript } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';
import { addDelayed } from './score.lua.js';

/**
 * Puts a claimed job back into its queue, to be claimed no earlier than a point in time.
 *
 * It leaves what BullMQ's own `moveToDelayed` would; a test compares them. BullMQ's uses the caller's local clock: if
 * that is an hour ahead, the job would wait an hour longer. Two things that nobody reads are left out: BullMQ's event
 * stream, and the marker for blocking consumers.
 *
 * Returns 1, or 0 if the job is not, or no longer, held under this lock: its holder then reads the record and does the
 * same.
 */
export const parkScript = defineScript(
  {
    keys: ['place', 'placeLock', 'stalled', 'active', 'delayed'],
    args: ['id', 'lock', 'wakeAt'],
    include: [nowMs, addDelayed],
    whenFull: true,
  },
  `
if redis.call('EXISTS', placeKey) == 0 or redis.call('GET', placeLockKey) ~= lock then return 0 end
redis.call('DEL', placeLockKey)
redis.call('SREM', stalledKey, id)
if redis.call('LREM', activeKey, -1, id) == 0 then return 0 end
local now = nowMs()
local at = tonumber(wakeAt)
if at < now then at = now end
redis.call('HSET', placeKey, 'delay', at - now)
addDelayed(delayedKey, id, at)
return 1
`,
);
