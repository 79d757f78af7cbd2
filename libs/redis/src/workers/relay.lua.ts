import { appendEvents } from '../events/append.lua.js';
import { defineScript } from '../script/define-script.js';
import { heldFields, isAtCursor, isHeldBy } from '../leases/held.lua.js';

/**
 * Copies batches of events from workers' streams to their jobs' streams, each under its lease, and moves the cursors.
 * A batch has `count` events; it follows the worker's reports up to `before` and reaches to `after`. `startedAt` is ''
 * if the start was already reported. A stream keeps about `mostEntries` entries.
 *
 * Returns per batch 'ok', 'fenced' (not the current lease), or the actual cursor if it is not the expected one.
 */
export const relayScript = defineScript(
  {
    keys: ['cursors', 'counters'],
    args: ['mostEntries'],
    each: {
      keys: ['job', 'events'],
      args: ['worker', 'lease', 'before', 'after', 'count', 'events', 'startedAt'],
    },
    include: [isHeldBy, isAtCursor, appendEvents],
    whenFull: true,
  },
  ({ forEach }) => `
local answers = {}
${forEach}
  local cursor = redis.call('HGET', cursorsKey, worker) or '0-0'
  if not isAtCursor(cursor, before) then
    answers[nth] = cursor
  else
    redis.call('HSET', cursorsKey, worker, after) -- rule: cursor
    local at = redis.call('HMGET', jobKey, ${heldFields})
    if not isHeldBy(at, worker, lease) then
      redis.call('HINCRBY', countersKey, 'fenced', 1)
      answers[nth] = 'fenced'
    else
      if startedAt ~= '' and at[2] == 'assigned' then redis.call('HSET', jobKey, 'state', 'running', 'startedAt', startedAt) end
      if count ~= '0' then appendEvents(jobKey, eventsKey, at[3], count, events, mostEntries) end
      answers[nth] = 'ok'
    end
  end
end
return answers
`,
);

/** Returns the id of the last entry of a worker's stream, without the entry; `0-0` if there is none. */
export const lastEntryScript = defineScript(
  { keys: ['out'] },
  `
local last = redis.call('XREVRANGE', outKey, '+', '-', 'COUNT', 1)
if last[1] then return last[1][1] end
return '0-0'
`,
);

/** Moves a cursor and nothing else. Returns the cursor afterwards. */
export const skipScript = defineScript(
  { keys: ['cursors'], args: ['worker', 'before', 'after'], whenFull: true },
  `
local cursor = redis.call('HGET', cursorsKey, worker) or '0-0'
if cursor == before then
  cursor = after
  redis.call('HSET', cursorsKey, worker, cursor)
end
return cursor
`,
);
