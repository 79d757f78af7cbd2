import { defineScript } from '../script/define-script.js';

/**
 * Marks jobs as archived, each if its last event is still `seq`, and removes their announcements: `entries` of the
 * stream of ends. Frees memory, so it works while Redis is full.
 */
export const archivedScript = defineScript(
  { keys: ['ends'], args: ['entries'], each: { keys: ['job'], args: ['seq'] }, whenFull: true },
  ({ forEach }) => `
${forEach}
  if redis.call('HGET', jobKey, 'seq') == seq then redis.call('HSET', jobKey, 'archived', seq) end
end
for _, entry in ipairs(cjson.decode(entries)) do redis.call('XDEL', endsKey, entry) end
return 0
`,
);

/**
 * Looks at `count` entries of the index of all jobs, from the rank `first` on, for jobs that are over and not archived
 * as they are. Returns the rank at which to continue, or 0 at the end, and their ids.
 */
export const unarchivedScript = defineScript(
  { keys: ['jobs'], args: ['first', 'count', 'beforeJob', 'behindJob'] },
  `
local ids = redis.call('ZRANGE', jobsKey, first, first + count - 1)
local found = {#ids < tonumber(count) and 0 or first + #ids}
for _, id in ipairs(ids) do
  local at = redis.call('HMGET', beforeJob .. id .. behindJob, 'overAt', 'seq', 'archived')
  if at[1] and at[2] ~= at[3] then found[#found + 1] = id end
end
return found
`,
);
