import { inject } from 'vitest';

/** How large the proofs are run: `small` with all other tests, `whole` by `npm run proofs`. */
export type ProofSize = 'small' | 'whole';

declare module 'vitest' {
  interface ProvidedContext {
    readonly proofSize: ProofSize;
  }
}

/** The value for the size that this run has. */
export function sized<T>(of: Readonly<Record<ProofSize, T>>): T {
  return of[inject('proofSize')];
}
