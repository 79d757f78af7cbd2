import type { Fragment } from '../script/define-script.js';

/**
 * Appends events to a job's stream as one entry, in the format of `event-entry.ts`: they get the job's next ids.
 * `events` is a JSON array of `count` of them; with `most`, about that many entries are kept.
 */
export const appendEvents: Fragment = {
  lua: `
local function appendEvents(jobKey, eventsKey, attempt, count, events, most)
  local id = redis.call('HINCRBY', jobKey, 'seq', count) .. '-0'
  if most then
    redis.call('XADD', eventsKey, 'MAXLEN', '~', most, id, 'n', count, 'a', attempt, 'd', events)
  else
    redis.call('XADD', eventsKey, id, 'n', count, 'a', attempt, 'd', events)
  end
end`,
};
