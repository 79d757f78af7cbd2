import { defineScript } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';

/**
 * Claims this job of a profile's queue, wherever it stands in it: a turn of a session for the worker that waits for it.
 * Keys, arguments and answer are as those of `claimScript`; nothing if the job is not in the queue, or is parked.
 */
export const claimTurnScript = defineScript(
  {
    keys: ['wait', 'active', 'prioritized', 'meta', 'place', 'job', 'prompt'],
    args: ['id', 'lock', 'lockMs', 'scheduler'],
    include: [nowMs],
  },
  `
if redis.call('HEXISTS', metaKey, 'paused') == 1 then return end
if redis.call('ZREM', prioritizedKey, id) == 0 and redis.call('LREM', waitKey, 1, id) == 0 then return end
redis.call('LPUSH', activeKey, id)
local now = nowMs()
redis.call('SET', placeKey .. ':lock', lock, 'PX', lockMs)
local was = redis.call('HMGET', placeKey, 'timestamp', 'ats')
redis.call('HSET', placeKey, 'processedOn', now, 'pb', scheduler, 'ats', (was[2] or 0) + 1)
return {id, was[1] or 0, now, redis.call('HGETALL', jobKey), redis.call('GET', promptKey)}
`,
);
