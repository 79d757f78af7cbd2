import type { Session } from '@remuda/client';
import type { ReactNode } from 'react';
import { useSteering } from './use-steering.js';

/** What can be done about a whole session. */
export function SessionActions({
  session,
  onSteered,
}: {
  readonly session: Session;
  readonly onSteered: () => void;
}): ReactNode {
  const { busy, fault, steer } = useSteering(onSteered);
  return (
    <div className="actions">
      {fault !== undefined && (
        <span className="fault" role="alert">
          {fault}
        </span>
      )}
      {session.state === 'running' && session.turn !== undefined && (
        <button
          className="button"
          type="button"
          disabled={busy}
          onClick={() => void steer((client) => client.cancel(session.turn ?? '', 'Interrupted in the console.'))}
        >
          Interrupt
        </button>
      )}
      {session.state !== 'stopped' && (
        <button
          className="button danger"
          type="button"
          disabled={busy}
          onClick={() => {
            if (window.confirm('Stop this session? It takes no more turns, and its files are deleted.'))
              void steer((client) => client.sessions.stop(session.id));
          }}
        >
          Stop
        </button>
      )}
    </div>
  );
}
