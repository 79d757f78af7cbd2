import { defineScript } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';
import { addDelayed } from './score.lua.js';

/**
 * Puts a claimed job back into its queue, to be claimed no earlier than a point in time.
 *
 * What it leaves is what BullMQ's own `moveToDelayed` would; a test compares them. BullMQ's takes the time from the local clock of whoever
 * calls it: with one that is an hour ahead the job would wait for an hour more. Left out is what nobody reads: BullMQ's
 * event stream, and the sign for consumers that block.
 *
 * Gives 1, or 0 where the job is not, or no longer, held under this lock: whoever has it now reads the record and does the same.
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
