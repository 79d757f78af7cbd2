import { isHeldState } from '../jobs/states.lua.js';
import type { Fragment } from '../script/define-script.js';

/** Whether a job's record says that it is held under this lease by this worker: the rule that fences all others. */
export const isHeldBy: Fragment = {
  needs: [isHeldState],
  lua: `
local function isHeldBy(record, worker, lease) return record[1] == lease and record[4] == worker and isHeld(record[2]) end`,
};

/** Fields of a record that `isHeldBy` reads, in order; the third is the attempt. */
export const heldFields = `'lease', 'state', 'attempt', 'worker'`;

/** Whether a relay's cursor is at the expected position: otherwise another relay has moved on. */
export const isAtCursor: Fragment = { lua: 'local function isAtCursor(cursor, before) return cursor == before end' };
