import type { Session } from '@remuda/client';
import type { ReactNode } from 'react';
import { sessionStates } from './session-words.js';

/** A session's state, as a word beside a dot. */
export function SessionBadge({ state }: { readonly state: Session['state'] }): ReactNode {
  return (
    <span className={`badge session-${state}`} title={sessionStates[state]}>
      <span className="dot" aria-hidden="true" />
      {state}
    </span>
  );
}
