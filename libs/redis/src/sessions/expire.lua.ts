import { defineScript } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';
import { releaseOrigin } from './origins.lua.js';
import { sessionCan } from './states.lua.js';
import { lastTurnsMs } from './sessions.lua.js';

/**
 * Removes a session that has not changed for `unusedMs`, with its snapshots, unless a turn of it is under way or waits, or a snapshot is
 * being taken. Its jobs stay. Returns 1 if it was removed, else 0.
 */
export const expireSessionScript = defineScript(
  {
    keys: ['session', 'waiting', 'kept', 'origins', 'turns'],
    args: ['id', 'unusedMs', 'beforeTenant', 'behindTenant'],
    include: [nowMs, sessionCan.running, sessionCan.stopped, releaseOrigin],
    whenFull: true,
  },
  `
local at = redis.call('HMGET', sessionKey, 'state', 'tenant', 'turn', 'snapshotJob', 'turns', 'changedAt')
if not at[1] or tonumber(at[6]) > nowMs() - unusedMs then return 0 end
if at[3] or redis.call('LLEN', waitingKey) > 0 then return 0 end -- rule: unused
if sessionCanBeStopped(at[1]) then
  if not sessionCanBeRunning(at[1]) then return 0 end
  if at[4] then releaseOrigin(originsKey, at[4]) end
  for _, job in ipairs(redis.call('ZRANGE', keptKey, 0, -1)) do releaseOrigin(originsKey, job) end
  redis.call('XADD', turnsKey, (at[5] or 0) .. '-1', 'stopped', 1)
end
redis.call('DEL', sessionKey, waitingKey, keptKey)
redis.call('PEXPIRE', turnsKey, ${String(lastTurnsMs)})
redis.call('ZREM', beforeTenant .. at[2] .. behindTenant, id)
return 1
`,
);
