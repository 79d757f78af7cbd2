import { maxReportBytes } from '@remuda/protocol';
import { defineScript } from '../script/define-script.js';

/** Approximate maximum of entries in a worker's own stream; the relay trims it long before. */
export const maxOutEntries = 100_000;
/** Maximum entries of a stream that is measured: each takes a while to measure. */
const maxMeasured = 20_000;
/**
 * Maximum size of a worker's stream while Redis is full, in bytes: the relay trims what it has read after about one
 * megabyte.
 */
const maxHeldBytes = 2 * maxReportBytes;

/**
 * A worker's report while Redis has no memory left, so that running work can finish. The only script that a worker's
 * account may call, and it ignores the memory limit: so it only writes to the stream of reports, and refuses as Redis
 * itself would once that is too large.
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
