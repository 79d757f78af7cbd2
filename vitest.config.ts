import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { ProofSize } from './test/proof-size.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Our own packages by their source, so that no test needs a build of them. */
const alias = Object.fromEntries([
  ...readdirSync(at('libs')).map((lib) => [`@remuda/${lib}`, at(`libs/${lib}/src/index.ts`)]),
  ['@remuda/scripted-model', at('test/scripted-model/src/index.ts')],
]) as Record<string, string>;

/** Tests with real parts (Redis, Docker, the CLI): they take their time, and two at once fill a small machine. */
const withRealParts = { testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 2, globalSetup: at('test/prepare.ts') };

/** Where others want the machine as well, whole clusters take minutes. */
const wholeClusters = { testTimeout: 240_000, hookTimeout: 240_000 };

/** What becomes of jobs when workers crash at each point of their way: proofs too, and they wait for most of their time. */
const crashes = ['test/e2e/{resume,hard-ends,bridge-away,frozen-cluster}.test.ts'];

/** What is promised of bad input, crashes and hostile code: each takes the whole machine. */
const proofs = (proofSize: ProofSize) => ({
  ...withRealParts,
  ...wholeClusters,
  maxWorkers: 1,
  provide: { proofSize },
});

/** The projects run one after the other, the cheapest first. */
const turn = (groupOrder: number) => ({ sequence: { groupOrder } });

export default defineConfig({
  test: {
    reporters: [at('test/progress.ts')],
    projects: [
      {
        resolve: { alias },
        test: {
          ...turn(0),
          name: 'unit',
          include: [
            '{libs,apps}/*/src/**/*.test.ts',
            'test/scripted-model/src/**/*.test.ts',
            'test/simulation/**/*.test.ts',
            'test/chaos/src/**/*.test.ts',
          ],
        },
      },
      {
        resolve: { alias },
        test: { ...withRealParts, ...turn(1), name: 'contract', include: ['test/contract/**/*.test.ts'] },
      },
      {
        resolve: { alias },
        test: { ...withRealParts, ...turn(2), name: 'integration', include: ['test/integration/**/*.test.ts'] },
      },
      {
        resolve: { alias },
        test: {
          ...withRealParts,
          ...turn(3),
          ...wholeClusters,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [...crashes],
        },
      },
      {
        resolve: { alias },
        test: {
          ...proofs('small'),
          ...turn(4),
          name: 'small-proofs',
          include: ['test/{fuzz/fuzz,chaos/*,retention/retention}.test.ts'],
        },
      },
      {
        resolve: { alias },
        test: {
          ...proofs('whole'),
          ...turn(5),
          name: 'proofs',
          include: ['test/{fuzz/*,hostile/hostile,chaos/chaos,retention/retention}.test.ts', ...crashes],
        },
      },
    ],
  },
});
