/** The middle of several rounds, with the smallest and the largest of them. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** What a figure has to reach. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One measured figure; without a target it's there for information. */
export interface Figure {
  readonly what: string;
  readonly value: Spread;
  /** `x` for a ratio. */
  readonly unit: 'x' | 'ms' | 'KB' | 'MB' | 'MiB' | 'MB/s' | '/s' | 'µs' | 'events' | 'runs' | 'workers';
  readonly target?: Target;
}

/** What one line of the benchmark came to. */
export interface LineReport {
  readonly figures: readonly Figure[];
  /** What a reader has to know of how it was measured, and what was left out and why. */
  readonly notes: readonly string[];
}

/** One line of the benchmark: `npm run bench -- <name>` runs it alone. */
export interface Line {
  readonly name: string;
  readonly about: string;
  readonly run: (stage: Stage) => Promise<LineReport>;
}

/** What a line is given. */
export interface Stage {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Private folder, removed afterwards; short enough for the path of a socket in it. */
  readonly dir: string;
  /** Tells what is going on, a line each. */
  readonly say: (line: string) => void;
}

/** The spread of some values; there has to be one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const median = ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
  return { median, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN, rounds: sorted.length };
}

/** The spread of the ratios of two series that were measured side by side, round by round. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, i) => value / (theirs[i] ?? NaN)));
}

/** Whether a figure reaches its target; undefined where it has none. */
export function isMet({ value, target }: Pick<Figure, 'value' | 'target'>): boolean | undefined {
  if (target === undefined) return undefined;
  return 'atMost' in target ? value.median <= target.atMost : value.median >= target.atLeast;
}
