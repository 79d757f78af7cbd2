import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { spreadOf, type Line } from '../figure.js';

const rounds = 3;
/** As in the README's command: in the first thousand Node still compiles what is hot. */
const seeds = 10_000;
const root = join(import.meta.dirname, '../../..');

/** How fast the simulation is. */
export const simulation: Line = {
  name: 'simulation',
  about: 'seeds of the deterministic simulation, in one process',
  run: async () => {
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) rates.push(await simulate(1 + round * seeds));
    return {
      figures: [{ what: 'seeds', value: spreadOf(rates), unit: '/s', target: { atLeast: 200 } }],
      notes: [
        `\`npm run simulate -- --seeds ${seeds}\` as it prints its rate; a seed that breaks a promise fails the line.`,
      ],
    };
  },
};

async function simulate(from: number): Promise<number> {
  const args = ['--max-semi-space-size=64', join(root, 'test/simulation/simulate.mjs'), '--seeds', String(seeds)];
  const child = spawn(process.execPath, [...args, '--from', String(from)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const text = (await child.stdout.toArray()).join('');
  const [code] = await ended;
  const rate = /([\d.]+) seeds\/s/.exec(text)?.[1];
  if (code !== 0 || rate === undefined)
    throw new Error(`the simulation ended with ${String(code)}: ${text.slice(-2_000)}`);
  return Number(rate);
}
