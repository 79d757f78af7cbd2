import { parseArgs } from 'node:util';
import { mutants } from './parts/mutants.js';
import { run } from './run.js';

/** Lines of a failing run that are shown. */
const shown = 60;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    steps: { type: 'string', default: '8' },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
    trace: { type: 'string', default: String(shown) },
  },
});

const [seeds, from, steps, lines] = [values.seeds, values.from, values.steps, values.trace].map(Number) as [
  ...[number, number, number, number],
];
const whole = values.whole ? { whole: true } : {};
const mutant = values.mutant === undefined ? undefined : mutants[values.mutant];
if (values.mutant !== undefined && !mutant) {
  console.error(`simulate: no mutant is called ${values.mutant}; there are ${Object.keys(mutants).join(', ')}`);
  process.exit(2);
}

if (values.mutants) {
  await tellOfMutants();
  process.exit(0);
}

/** A long run says how far it is so often, in ms. */
const progressMs = 10_000;

const began = performance.now();
const cpuBegan = process.cpuUsage();
let [events, simulatedMs, jobs] = [0, 0, 0];
let failed: number | undefined;
let done = 0;
let saidAt = began;
for (let seed = from; seed < from + seeds && failed === undefined; seed++) {
  const end = await run({ seed, steps, ...whole, ...(mutant ? { mutant } : {}) });
  done++;
  events += end.events;
  simulatedMs += end.simulatedMs;
  jobs += end.jobs;
  if (end.broken !== undefined) failed = seed;
  if (failed !== undefined || performance.now() - saidAt < progressMs) continue;
  saidAt = performance.now();
  console.error(`${done} of ${seeds} seeds, all promises kept so far`);
}
const seconds = (performance.now() - began) / 1000;
const cpu = process.cpuUsage(cpuBegan);
const cpuSeconds = (cpu.user + cpu.system) / 1_000_000;
console.log(
  `${done} seeds in ${seconds.toFixed(1)} s: ${(done / seconds).toFixed(0)} seeds/s (${(done / cpuSeconds).toFixed(0)} for each second of CPU), ${(events / seconds / 1000).toFixed(0)}k events/s, ` +
    `${(events / done).toFixed(0)} events, ${(jobs / done).toFixed(1)} jobs and ${(simulatedMs / done / 1000).toFixed(0)} s of simulated time each`,
);
if (failed !== undefined) {
  const told: string[] = [];
  const end = await run({
    seed: failed,
    steps,
    ...whole,
    ...(mutant ? { mutant } : {}),
    tell: (line) => told.push(line),
  });
  for (const line of told.slice(Math.max(0, told.length - lines))) console.log(line);
  console.log(`\nseed ${failed} fails: ${end.broken ?? 'not when it is told; so it is not reproduced'}`);
  console.log(`again: ${commandFor(failed)}`);
  process.exit(1);
}
console.log('every promise was kept');

/** What runs this seed alone. */
function commandFor(seed: number): string {
  const own = [...(steps === 8 ? [] : ['--steps', steps]), ...(values.whole ? ['--whole'] : [])];
  const others = [...own, ...(values.mutant ? ['--mutant', values.mutant] : [])];
  return ['npm run simulate --', '--from', seed, '--seeds 1', ...others].join(' ');
}

/** What it takes to notice each mutant: how many seeds, and how many events in all. */
async function tellOfMutants(): Promise<void> {
  let [logs, noticed] = [0, 0];
  for (const [name, mutant] of Object.entries(mutants)) {
    let [done, events, found] = [0, 0, false];
    while (done < seeds && !found) {
      const end = await run({ seed: from + done, steps, mutant, ...whole });
      done++;
      events += end.events;
      found = end.broken !== undefined;
    }
    console.log(`${name.padEnd(24)} ${found ? `after ${done} seeds, ${events} events` : `not in ${done} seeds`}`);
    if (!found) continue;
    noticed++;
    logs += Math.log(events);
  }
  console.log(`${noticed} noticed, geometric mean ${Math.exp(logs / noticed).toFixed(0)} events, with ${steps} steps`);
}
