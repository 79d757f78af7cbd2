import type { Redriven } from '@remuda/domain';

/** What came of a redrive: also that the job was submitted once more, since only the archive had it. */
export type Outcome =
  Exclude<Redriven, { readonly kind: 'archived' }> | { readonly kind: 'submitted'; readonly as: string };
