import { maxReportBytes } from '@remuda/protocol';
import { defineScript } from '../script/define-script.js';

/** Entries of a worker's own stream, about; the relay trims it long before. */
export const maxOutEntries = 100_000;
/** Most entries of a stream that is measured: measuring takes a while for each. */
const maxMeasured = 20_000;
/** What a worker's stream may hold where Redis is full, in bytes: the relay trims what it has read after about one megabyte. */
const maxHeldBytes = 2 * maxReportBytes;

/**
 * A worker's report where Redis has no memory left, so that what runs can finish. The one script that a worker's account may call, and
 * it ignores the memory limit: so it writes to the stream of reports only, and refuses as Redis itself would once that holds too much.
 */
export const reportScript = defineScript(
  { keys: ['out'], args: ['entry', 'reports'], whenFull: true },
  `
if redis.call('XLEN', outKey) > ${String(maxMeasured)} then return redis.error_reply('OOM too many reports wait') end
local held = redis.call('MEMORY', 'USAGE', outKey, 'SAMPLES', 0) or 0
if held + #reports > ${String(maxHeldBytes)} then return redis.error_reply('OOM too much of reports waits') end
return redis.call('XADD', outKey, 'MAXLEN', '~', ${String(maxOutEntries)}, entry, 'd', reports)
`,
);
