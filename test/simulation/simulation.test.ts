import { describe, expect, test, vi } from 'vitest';
import { mutants, type Mutant } from './parts/mutants.js';
import { run, type RunEnd } from './run.js';

vi.mock('bullmq', () => import('./parts/bullmq.js'));
vi.mock('prom-client', () => import('./parts/prom-client.js'));

/** Seconds of CPU, which a busy machine may make long. */
vi.setConfig({ testTimeout: 600_000 });

const steps = 8;
const seeds = 600;
/** Mostly the first hundred do; what the product does changes which. */
const seedsForMutant = 1_500;

/** The first of these seeds whose run breaks a promise, and what was broken. */
async function firstBroken(mutant?: Mutant): Promise<(RunEnd & { readonly seed: number }) | undefined> {
  const others = Array.from({ length: mutant ? seedsForMutant : seeds }, (_, i) => i + 1);
  for (const seed of mutant?.shownBy === undefined ? others : [mutant.shownBy, ...others]) {
    const end = await run({ seed, steps, ...(mutant ? { mutant } : {}) });
    if (end.broken !== undefined) return { ...end, seed };
  }
  return undefined;
}

test(`${seeds} runs full of faults keep every promise`, async () => {
  expect(await firstBroken()).toBeUndefined();
});

test('a seed gives the same run again, line for line', async () => {
  const tellRun = async (): Promise<readonly string[]> => {
    const told: string[] = [];
    await run({ seed: 7, steps: 40, tell: (line) => told.push(line) });
    return told;
  };
  const told = await tellRun();
  expect(told.length).toBeGreaterThan(20);
  expect(await tellRun()).toEqual(told);
});

describe('the simulation notices', () => {
  test.each(Object.entries(mutants))('%s', async (_name, mutant) => {
    expect((await firstBroken(mutant))?.broken).toBeDefined();
  });
});
