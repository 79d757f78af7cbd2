// `npm run chaos -- --jobs 2000 --minutes 10 [--seed N] [--runtime process|docker|kubernetes] [--fsync everysec|always] [--pause-ms N]`
import { provideWorkerImage } from '../../../apps/local/dist/cluster/worker-image.js';
import { readOptions } from './options.js';
import { holds } from './report.js';
import { runChaos } from './run.js';
import { tableOf } from './table.js';

/** What a run may take beyond its minutes and its settling, in ms; its parts end when this process does. */
const restMs = 180_000;

const options = readOptions(process.argv.slice(2), (line) => {
  console.log(`· ${line}`);
});
if (options.runtime === 'docker') await provideWorkerImage(process.env);
setTimeout(
  () => {
    console.error('chaos: the run itself hangs, and is given up');
    process.exit(1);
  },
  options.minutes * 60_000 + options.settleMs + restMs,
).unref();
const report = await runChaos(options);
console.log(`\n${tableOf(report)}`);
process.exitCode = holds(report) ? 0 : 1;
