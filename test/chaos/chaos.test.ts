import { expect, test } from 'vitest';
import { holds } from './src/report.js';
import { runChaos } from './src/run.js';
import { tableOf } from './src/table.js';

/** Redis writes its file before each answer here, so that nothing that was accepted may be gone with it: lost must be 0. */
test(
  'whatever is killed or frozen, every accepted job is over once, and no old result is believed',
  { timeout: 360_000 },
  async () => {
    const lines: string[] = [];
    const report = await runChaos({
      ...{ jobs: 120, minutes: 0.9, seed: 3, runtime: 'process', fsync: 'always', settleMs: 120_000, pauseMs: 1_500 },
      say: (line) => lines.push(line),
    });
    expect(holds(report), `${lines.join('\n')}\n${tableOf(report)}`).toBe(true);
    expect(report.rows.find(({ name }) => name === 'accepted')?.value).toBeGreaterThan(60);
  },
);
