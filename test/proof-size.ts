import { inject } from 'vitest';

/** How large the proofs are run: `small` with all other tests, `whole` by `npm run test:slow` and `npm run proofs`. */
export type ProofSize = 'small' | 'whole';

declare module 'vitest' {
  interface ProvidedContext {
    readonly proofSize: ProofSize;
    /** Which BullMQ the project runs with. Of `integration` and `previous-bullmq`. */
    readonly bullmq: string;
  }
}

/** The value for the size that this run has. */
export function sized<T>(of: Readonly<Record<ProofSize, T>>): T {
  return of[inject('proofSize')];
}

/** Something that a suite is tried with in turn, and whether it can be had here. */
export interface Way {
  readonly there: boolean;
}

/**
 * With which of several a suite that takes its time is tried: the first that is there with all other tests, the others
 * by `npm run test:slow`. What is not there is given as well, for the suite to skip.
 */
export function waysNow<T extends Way>(ways: readonly T[]): readonly T[] {
  const first = ways.find(({ there }) => there);
  return sized({ small: first ? [first] : ways, whole: ways.filter((way) => way !== first) });
}
