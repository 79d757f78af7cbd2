// `npm run fuzz -- [--requests 20000] [--seed N]`: bad input for every operation that the api describes.
import { parseArgs } from 'node:util';
import { campaign } from './campaign.js';
import { openStand } from './stand.js';
import { holds, tableOf } from './table.js';

const { values } = parseArgs({ options: { requests: { type: 'string' }, seed: { type: 'string' } } });
const requests = Number(values.requests ?? 20_000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
if (!(requests > 0) || !Number.isInteger(seed)) {
  console.error('fuzz: --requests takes a number above 0, --seed a whole number');
  process.exit(2);
}
const stand = await openStand();
try {
  const end = await campaign(stand, {
    requests,
    seed,
    say: (line) => {
      console.log(`· ${line}`);
    },
  });
  console.log(tableOf(end));
  process.exitCode = holds(end) ? 0 : 1;
} finally {
  await stand.close();
}
