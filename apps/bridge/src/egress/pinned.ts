import { once } from 'node:events';
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { EgressTarget } from '@remuda/domain';

/** A lookup that knows nothing but the addresses that were checked: the name may have others by now. */
export function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return (_name, options, done) => {
    const [first] = all;
    if (options.all === true) done(null, all);
    else done(null, first?.address ?? '', first?.family ?? 4);
  };
}

/** Connects to a target at one of its checked addresses. Rejects if none answers in time, or the signal aborts. */
export async function connectPinned(
  { port }: EgressTarget,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connect({
    // never resolved: an address would be taken as it is, and the others not tried
    host: 'pinned.invalid',
    port,
    lookup: pinnedLookup(addresses),
    autoSelectFamily: true,
    allowHalfOpen: true,
    noDelay: true,
  });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}
