import { expect, test } from 'vitest';
import { sized } from '../proof-size.js';
import { holds } from './src/report.js';
import { runChaos } from './src/run.js';
import { tableOf } from './src/table.js';

/** All of them are accepted where two cores are free for it; the table says how many of them were. */
const size = sized({
  small: { jobs: 20, fewest: 8, minutes: 0.5, overtimeMinutes: 2, pauseMs: 1_500 },
  whole: { jobs: 200, fewest: 50, minutes: 5, overtimeMinutes: 3, pauseMs: 2_500 },
});

/** Redis writes its file before each answer here, so that nothing that was accepted may be gone with it: lost must be 0. */
test(
  'whatever is killed or frozen, every accepted job is over once, and no old result is believed',
  { timeout: 1_800_000 },
  async () => {
    const lines: string[] = [];
    const { fewest, ...asked } = size;
    const report = await runChaos({
      ...asked,
      ...{ seed: 3, runtime: 'process', fsync: 'always', settleMs: 240_000 },
      say: (line) => lines.push(line),
    });
    expect(holds(report), `${lines.join('\n')}\n${tableOf(report)}`).toBe(true);
    const valueOf = (row: string) => report.rows.find(({ name }) => name === row)?.value;
    expect(valueOf('accepted')).toBeGreaterThan(fewest);
    expect(valueOf('turns of sessions')).toBeGreaterThan(0);
    process.stdout.write(`${tableOf(report)}\n`);
  },
);
