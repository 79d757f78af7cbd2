import type { Job, RemudaClient } from '@remuda/client';
import { useState, type ReactNode } from 'react';
import { useApi } from '../api/api-context.js';
import { isOver } from '../shell/state-badge.js';

/** What can be done about a job in its state. */
export function JobActions({ job, onSteered }: { readonly job: Job; readonly onSteered: () => void }): ReactNode {
  const { client } = useApi();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const run = async (action: (client: RemudaClient) => Promise<void>): Promise<void> => {
    setBusy(true);
    setFault(undefined);
    await action(client).then(onSteered, (error: unknown) => setFault((error as Error).message));
    setBusy(false);
  };
  const cancelling = job.cancelRequestedAt !== undefined;
  return (
    <div className="actions">
      {fault !== undefined && (
        <span className="fault" role="alert">
          {fault}
        </span>
      )}
      {!isOver(job.state) && (
        <button
          className="button danger"
          type="button"
          disabled={busy || cancelling}
          onClick={() => void run((client) => client.cancel(job.id, 'Cancelled in the console.'))}
        >
          {cancelling ? 'Cancelling…' : 'Cancel'}
        </button>
      )}
      {job.state === 'failed' && (
        <button className="button" type="button" disabled={busy} onClick={() => void run(redrive(job.id))}>
          Redrive
        </button>
      )}
    </div>
  );

  function redrive(id: string): (client: RemudaClient) => Promise<void> {
    return async () => {
      const { outcomes } = await client.redrive([id]);
      const refused = outcomes.find((outcome) => !outcome.redriven);
      if (refused) throw new Error(refused.detail ?? 'The job cannot be redriven.');
    };
  }
}
