import { parseArgs } from 'node:util';

/** How the workers of a run are had; pods on the cluster that `KUBECONFIG` names. */
export const chaosRuntimes = ['process', 'docker', 'kubernetes'] as const;
export type ChaosRuntime = (typeof chaosRuntimes)[number];

/** What a run of chaos is made of. */
export interface ChaosOptions {
  /** Jobs to submit. */
  readonly jobs: number;
  /** How long jobs are submitted and faults made. */
  readonly minutes: number;
  /** How much longer that may go on where not all jobs were accepted by then, since the machine is slow. */
  readonly overtimeMinutes: number;
  /** Decides which faults come when; not what the machine makes of them. */
  readonly seed: number;
  readonly runtime: ChaosRuntime;
  /** Redis writes its file once a second, or before each answer. */
  readonly fsync: 'everysec' | 'always';
  /** How long the jobs may take to be over once there are no more faults, in ms. */
  readonly settleMs: number;
  /** Mean pause between two faults, in ms. */
  readonly pauseMs: number;
  readonly say: (line: string) => void;
}

const defaults = { jobs: 150, minutes: 1, overtimeMinutes: 0 };
/** A pod takes three times as long to start as a container, and what keeps pods is hit as well. */
const paces = {
  process: { settleMs: 120_000, pauseMs: 2_000 },
  docker: { settleMs: 120_000, pauseMs: 2_000 },
  kubernetes: { settleMs: 300_000, pauseMs: 6_000 },
} as const satisfies Record<ChaosRuntime, object>;

/** Reads the command line; throws an Error that says what is wrong with it. */
export function readOptions(words: readonly string[], say: (line: string) => void): ChaosOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      jobs: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      runtime: { type: 'string' },
      fsync: { type: 'string' },
      'pause-ms': { type: 'string' },
    },
  });
  const runtime = oneOf('runtime', values.runtime, chaosRuntimes);
  const { settleMs, pauseMs } = paces[runtime];
  return {
    jobs: number('jobs', values.jobs, defaults.jobs),
    minutes: number('minutes', values.minutes, defaults.minutes),
    seed: number('seed', values.seed, Math.floor(Math.random() * 1e9)),
    runtime,
    fsync: oneOf('fsync', values.fsync, ['everysec', 'always'] as const),
    overtimeMinutes: defaults.overtimeMinutes,
    settleMs,
    pauseMs: number('pause-ms', values['pause-ms'], pauseMs),
    say,
  };
}

function number(name: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`--${name}: expected a number above 0, got ${text ?? ''}`);
}

function oneOf<T extends string>(name: string, text: string | undefined, words: readonly [T, ...T[]]): T {
  if (text === undefined) return words[0];
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new Error(`--${name}: expected ${words.join(' or ')}, got ${text}`);
}
