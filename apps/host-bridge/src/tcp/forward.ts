import { createServer, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { hostBridgeLimits, writeHostMessage } from '@remuda/protocol';
import type { Clock } from '@remuda/domain';
import { Listeners, type Logger } from '@remuda/runtime';
import { keepTlsRenewed, securedBy, type TlsFiles } from './tls-files.js';

/** Where a forwarder leads, and from where. */
export interface ForwardParts {
  readonly to: { readonly host: string; readonly port: number };
  readonly files: TlsFiles;
  readonly socket: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Connections that are kept open in advance. Default 2. */
  readonly spare?: number;
}

/** How long a connection to the other host may take, in ms. */
const connectMs = 5_000;

/**
 * Passes the connections of a local socket on to the bridge of another host, byte for byte, over TLS with this side's
 * certificate. Some connections are open in advance, so that a run does not wait for a handshake. A connection that
 * cannot be made is closed at once: the client then says that there is no bridge.
 */
export async function startForward({ to, files, socket: path, clock, log, spare: most = 2 }: ForwardParts) {
  const listeners = new Listeners();
  const spare = new Set<TLSSocket>();
  const ending = new AbortController();
  let secured = securedBy(files.first);
  let closing = false;

  const dial = (): TLSSocket => {
    const far = connect({ ...to, ...secured, timeout: connectMs });
    far.once('secureConnect', () => far.setTimeout(0).setNoDelay(true).setKeepAlive(true, 30_000));
    far.once('timeout', () => far.destroy(new Error('the connection timed out')));
    far.on('error', (err: Error) => log.warn({ err }, 'the bridge of the other host cannot be reached'));
    return far;
  };
  const refill = (): void => {
    while (!closing && spare.size < most) {
      const far = dial();
      spare.add(far);
      far.once('close', () => spare.delete(far));
    }
  };
  const beat = setInterval(() => {
    for (const far of spare) if (!far.connecting) far.write(writeHostMessage({ type: 'heartbeat' }));
    refill();
  }, hostBridgeLimits.heartbeatEveryMs);

  const carry = (near: Socket): void => {
    const ready = [...spare].find((far) => far.authorized && far.writable);
    if (ready) spare.delete(ready);
    const far = ready ?? dial();
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    near.on('error', end).once('close', end).pipe(far);
    far.once('error', end).once('close', end).pipe(near);
    refill();
  };
  await listeners.onSocket('lines', createServer(carry), { path, mode: 0o666 });
  refill();
  keepTlsRenewed(files, (texts) => (secured = securedBy(texts)), { clock, log }, ending.signal);
  return {
    close: async (): Promise<void> => {
      closing = true;
      ending.abort();
      clearInterval(beat);
      for (const far of spare) far.destroy();
      await listeners.close(0);
    },
  };
}
