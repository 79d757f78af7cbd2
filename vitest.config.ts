import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { ProofSize } from './test/proof-size.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Our own packages by their source, so that no test needs a build of them. */
const alias = Object.fromEntries([
  // before the lib itself, which is the beginning of its name
  ['@remuda/redis/testing', at('libs/redis/src/testing.ts')],
  ...readdirSync(at('libs')).map((lib) => [`@remuda/${lib}`, at(`libs/${lib}/src/index.ts`)]),
  ['@remuda/scripted-model', at('test/scripted-model/src/index.ts')],
]) as Record<string, string>;

/** Two at once, where vitest would leave one of two cores idle; a test that computes may be slow on a busy machine. */
const ofTwo = { maxWorkers: 2, testTimeout: 30_000 };

/** Tests with real parts (Redis, Docker, the CLI): they take their time. */
const withRealParts = { testTimeout: 120_000, hookTimeout: 120_000, globalSetup: at('test/prepare.ts') };

/** Where others want the machine as well, whole clusters take minutes. */
const wholeClusters = { testTimeout: 240_000, hookTimeout: 240_000 };

/** What becomes of all when parts crash at each point of their way. */
const crashes = [
  'test/e2e/{resume,sessions,many-sessions,warm-sessions,session-files,session-branches,hard-ends,bridge-away,frozen-cluster,killed-start}.test.ts',
  'test/integration/cluster/{lost-answers,frozen-worker,bridge-outage}.test.ts',
];

/** What waits for limits to pass, or for a model that is in trouble. */
const waits = [
  'test/integration/engine/{model-faults,watchdog}.test.ts',
  'test/integration/host-bridge/load.test.ts',
  'test/e2e/usage-limit.test.ts',
];

/** Other ways to the same Claude Code, as whole programs and containers; their parts are tested with all others. */
const otherDoors = [
  'test/integration/engine/tmux/terminal.test.ts',
  'test/integration/host-bridge/container.test.ts',
  'test/integration/containers/compose-postgres.test.ts',
  'test/e2e/{channels,terminal,command,action,production,prepare,push,private-registry,package-managers}.test.ts',
];

/** What runs in one way or in part with all other tests, and otherwise or as a whole here. */
const otherWays = ['test/e2e/{jobs,demo,egress}.test.ts', 'test/integration/engine/result-schema.test.ts'];

/** The version of BullMQ that a package of the root holds, for its tests to see that it is this one. */
const versionIn = (name: string) => {
  const text = readFileSync(at(`node_modules/${name}/package.json`), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};

/** The size of the proofs, and of what is as long as one. */
const size = (proofSize: ProofSize) => ({ provide: { proofSize } });

/** What is promised of bad input, crashes and hostile code: each takes the whole machine. */
const proofs = { ...withRealParts, ...wholeClusters, maxWorkers: 1 };

/** The projects run one turn after the other, the cheapest first; those of one turn have to have as many workers. */
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
          // pure code for the most part: to import it again for each file would take longer than all its tests
          isolate: false,
          ...ofTwo,
          include: [
            '{libs,apps}/*/src/**/*.test.ts',
            'test/scripted-model/src/**/*.test.ts',
            'test/simulation/redis/**/*.test.ts',
            'test/chaos/src/**/*.test.ts',
          ],
        },
      },
      {
        resolve: { alias },
        test: { ...turn(0), ...ofTwo, name: 'simulation', include: ['test/simulation/*.test.ts'] },
      },
      {
        resolve: { alias },
        test: {
          ...withRealParts,
          ...turn(1),
          maxWorkers: 2,
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
        },
      },
      {
        resolve: { alias },
        test: {
          ...withRealParts,
          ...turn(2),
          // they wait for most of their time
          maxWorkers: 3,
          isolate: false,
          restoreMocks: true,
          provide: { proofSize: 'small', bullmq: versionIn('bullmq') },
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: [...crashes, ...waits, ...otherDoors],
        },
      },
      {
        resolve: { alias },
        test: {
          ...withRealParts,
          ...wholeClusters,
          ...size('small'),
          ...turn(3),
          maxWorkers: 2,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [...crashes, ...waits, ...otherDoors],
        },
      },
      {
        resolve: { alias },
        test: {
          ...proofs,
          ...size('small'),
          ...turn(4),
          maxWorkers: 2,
          name: 'small-proofs',
          include: ['test/{fuzz/fuzz,chaos/*,retention/retention}.test.ts'],
        },
      },
      {
        resolve: { alias },
        test: {
          ...withRealParts,
          ...wholeClusters,
          ...size('whole'),
          ...turn(5),
          maxWorkers: 2,
          name: 'slow',
          restoreMocks: true,
          include: [...crashes, ...waits, ...otherDoors, ...otherWays],
        },
      },
      {
        // the steps that write BullMQ's keys, held against the minor version before the one that is run
        resolve: { alias: { ...alias, bullmq: at('node_modules/bullmq-previous/dist/cjs/index.js') } },
        test: {
          ...withRealParts,
          ...wholeClusters,
          ...turn(5),
          maxWorkers: 2,
          restoreMocks: true,
          provide: { proofSize: 'small', bullmq: versionIn('bullmq-previous') },
          name: 'previous-bullmq',
          include: ['test/integration/redis/*.test.ts', 'test/integration/cluster/{way-of-a-job,hand-over}.test.ts'],
        },
      },
      {
        resolve: { alias },
        test: {
          ...withRealParts,
          ...size('whole'),
          ...turn(5),
          maxWorkers: 2,
          isolate: false,
          name: 'older-claude',
          include: ['test/integration/engine/**/*.test.ts'],
          exclude: [
            // its program would have to be where another user reaches it; in a terminal only the default version is driven
            '**/other-user.test.ts',
            '**/tmux/**',
            // what git does, the same before each version
            '**/engine/{commits,patch,refs,workspace}.test.ts',
          ],
        },
      },
      {
        resolve: { alias },
        test: {
          ...proofs,
          ...size('whole'),
          ...turn(6),
          name: 'hostile',
          include: ['test/{fuzz/held-loop,hostile/*}.test.ts'],
        },
      },
      {
        // what runs at its small size with all other tests
        resolve: { alias },
        test: {
          ...proofs,
          ...size('whole'),
          ...turn(7),
          name: 'proofs',
          include: ['test/{fuzz/fuzz,chaos/{chaos,history},retention/retention,e2e/batch}.test.ts'],
        },
      },
    ],
  },
});
