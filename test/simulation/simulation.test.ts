import { describe, expect, test, vi } from 'vitest';
import { mutants } from './parts/mutants.js';
import { run, type RunEnd } from './run.js';

vi.mock('bullmq', () => import('./parts/bullmq.js'));

/** Seconds of CPU, which a busy machine may make long. */
vi.setConfig({ testTimeout: 120_000 });

const steps = 8;
/** Seeds within which each mutant has to be noticed. */
const seedsForMutant = 400;

/** The first of these seeds whose run breaks a promise, and what was broken. */
async function firstBroken(seeds: number, mutant?: string): Promise<(RunEnd & { readonly seed: number }) | undefined> {
  const wrong = mutant === undefined ? {} : { mutant: mutants[mutant]! };
  for (let seed = 1; seed <= seeds; seed++) {
    const end = await run({ seed, steps, ...wrong });
    if (end.broken !== undefined) return { ...end, seed };
  }
  return undefined;
}

test('300 runs full of faults keep every promise', async () => {
  expect(await firstBroken(300)).toBeUndefined();
});

test('a seed gives the same run again, line for line', async () => {
  const tellRun = async (): Promise<readonly string[]> => {
    const told: string[] = [];
    await run({ seed: 7, steps, tell: (line) => told.push(line) });
    return told;
  };
  const told = await tellRun();
  expect(told.length).toBeGreaterThan(20);
  expect(await tellRun()).toEqual(told);
});

describe('the simulation notices', () => {
  test.each(Object.keys(mutants))('%s', async (name) => {
    expect((await firstBroken(seedsForMutant, name))?.broken).toBeDefined();
  });
});
