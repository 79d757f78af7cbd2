import type { RemudaClient } from '@remuda/client';
import { useState } from 'react';
import { useApi } from '../api/api-context.js';

/** Something that a person does, with what came of it. */
export interface Steering {
  readonly busy: boolean;
  readonly fault: string | undefined;
  /** Resolves with whether it was done. */
  readonly steer: (action: (client: RemudaClient) => Promise<unknown>) => Promise<boolean>;
}

/** Runs one action at a time, and keeps why the last one was refused. */
export function useSteering(onSteered: () => void): Steering {
  const { client, report } = useApi();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const steer: Steering['steer'] = async (action) => {
    setBusy(true);
    setFault(undefined);
    try {
      await action(client);
      onSteered();
      return true;
    } catch (error) {
      report(error);
      setFault((error as Error).message);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, fault, steer };
}
