import type { Fragment } from '../script/define-script.js';

/**
 * Adds events to a job's stream as one entry, in the format of `event-entry.ts`. `events` is a JSON array of `count` of
 * them, the last one has the id `seq`; with `most`, about that many entries are kept. For scripts that write `seq` into
 * the job's record together with other fields.
 */
export const addEvents: Fragment = {
  lua: `
local function addEvents(eventsKey, seq, attempt, count, events, most)
  local id = seq .. '-0'
  if most then
    redis.call('XADD', eventsKey, 'MAXLEN', '~', most, id, 'n', count, 'a', attempt, 'd', events)
  else
    redis.call('XADD', eventsKey, id, 'n', count, 'a', attempt, 'd', events)
  end
end`,
};

/** The same, with the job's next ids. */
export const appendEvents: Fragment = {
  needs: [addEvents],
  lua: `
local function appendEvents(jobKey, eventsKey, attempt, count, events, most)
  addEvents(eventsKey, redis.call('HINCRBY', jobKey, 'seq', count), attempt, count, events, most)
end`,
};
