import { endedArgs } from '../jobs/end-job.lua.js';
import { isAtCursor } from '../leases/held.lua.js';
import { defineScript } from '../script/define-script.js';
import { endKeeping } from './turn-moves.lua.js';

/**
 * What came of the snapshot of a turn that is over, under the lease of its attempt: its session goes on. `lost` is '' if it was stored,
 * else the last members of what the session lacks, in JSON. `before` and `after` are positions of the relay's cursor, '' if it does not
 * move. Returns 'ended', 'ignored', or the actual cursor if it is not the expected one.
 */
export const endKeepingScript = defineScript(
  {
    keys: ['job', 'origins', 'cursors'],
    args: ['id', 'worker', 'lease', 'lost', 'now', 'before', 'after', ...endedArgs],
    include: [isAtCursor, endKeeping],
    whenFull: true,
  },
  `
if before ~= '' then
  local cursor = redis.call('HGET', cursorsKey, worker) or '0-0'
  if not isAtCursor(cursor, before) then return cursor end
  redis.call('HSET', cursorsKey, worker, after)
end
local at = redis.call('HMGET', jobKey, 'lease', 'worker')
if at[1] ~= lease or at[2] ~= worker then return 'ignored' end
return endKeeping(id, lost, now) and 'ended' or 'ignored'
`,
);
