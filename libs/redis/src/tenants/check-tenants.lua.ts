import { defaultTenant } from '@remuda/domain';
import { isHeldState } from '../jobs/states.lua.js';
import { defineScript } from '../script/define-script.js';

/**
 * Compares a page of the jobs that count as waiting of a tenant with their records: those that are not queued, or gone,
 * no longer count. `tenant` is the key of its data, `cursor` where the page begins. Returns the cursor of the next page,
 * '0' at the end.
 */
export const checkWaitingScript = defineScript(
  { keys: ['waiting'], args: ['cursor', 'count', 'tenant', 'beforeJob'], whenFull: true },
  `
local page = redis.call('SSCAN', waitingKey, cursor, 'COUNT', count)
for _, id in ipairs(page[2]) do
  local at = redis.call('HMGET', beforeJob .. id, 'state', 'tenant')
  local counts = at[1] == 'queued' and (at[2] or '${defaultTenant}') == tenant
  if not counts then redis.call('SREM', waitingKey, id) end -- rule: stale waiting
end
return page[1]
`,
);

/**
 * The same of all its jobs that count as running: no more than there are workers. What is reserved of the tenant's
 * dollars is then what the records of those say that stay.
 */
export const checkRunningScript = defineScript(
  { keys: ['running', 'spent'], args: ['tenant', 'beforeJob'], include: [isHeldState], whenFull: true },
  `
local reserved = 0
for _, id in ipairs(redis.call('SMEMBERS', runningKey)) do
  local at = redis.call('HMGET', beforeJob .. id, 'state', 'tenant', 'reserved')
  if isHeld(at[1]) and (at[2] or '${defaultTenant}') == tenant then
    reserved = reserved + (at[3] or 0)
  else
    redis.call('SREM', runningKey, id) -- rule: stale running
  end
end
local noted = redis.call('HGET', spentKey, 'reserved')
if noted and tonumber(noted) ~= reserved then redis.call('HSET', spentKey, 'reserved', reserved) end -- rule: stale reserved
return 1
`,
);
