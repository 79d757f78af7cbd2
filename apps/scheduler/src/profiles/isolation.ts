import { RemudaError } from '@remuda/domain';

/** What decides whether jobs may run without isolation. */
export interface IsolationFacts {
  /** Name of the runtime, as in `REMUDA_RUNTIME`. */
  readonly kind: string;
  readonly isolated: boolean;
  /** Address on which the api listens. */
  readonly apiHost: string;
  readonly allowUnisolated: '1' | undefined;
}

/**
 * Refuses with `config.invalid` to run jobs without isolation if the api can be reached from other machines: clients
 * could read and do what this user can. An operator may allow it.
 */
export function requireIsolation({ kind, isolated, apiHost, allowUnisolated }: IsolationFacts): void {
  if (isolated || isLoopback(apiHost) || allowUnisolated === '1') return;
  const message = `with REMUDA_RUNTIME=${kind} jobs are not isolated, but others can submit them at ${apiHost}: expected a loopback address, or REMUDA_RUNTIME=docker, or REMUDA_ALLOW_UNISOLATED=1`;
  throw new RemudaError('config.invalid', 'Jobs that are not isolated are for this machine only.', {
    faults: [{ path: 'REMUDA_API_HOST', message }],
  });
}

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^\[?(::1|(::ffff:)?127(\.\d{1,3}){3})\]?$/i.test(host);
}
