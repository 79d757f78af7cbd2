import type { Job } from '@remuda/client';
import type { ReactNode } from 'react';

/** A job's state, as a word beside a dot. */
export function StateBadge({ state }: { readonly state: Job['state'] }): ReactNode {
  return (
    <span className={`badge state-${state}`}>
      <span className="dot" aria-hidden="true" />
      {state}
    </span>
  );
}

/** Whether a job has ended. */
export const isOver = (state: Job['state']): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';
