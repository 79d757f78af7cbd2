import { once } from 'node:events';
import { request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { bridgeUpgrade, pathOfListener, writeProof, type BridgeListener, type WorkerProof } from '@remuda/protocol';

/** A bridge that is reached over the network. */
export interface BridgePlace {
  /** `https:` with TLS, `http:` without it. */
  readonly url: URL;
  /** Who signed its certificate, PEM. Default: who is known to Node.js. */
  readonly ca?: string;
  readonly proof: WorkerProof;
}

/** Longest time until a connection is let in, in ms. */
const limitMs = 5_000;
/** A dead peer is noticed by probes that begin after so long a silence, in ms. */
const keepAliveMs = 30_000;

/**
 * Opens a connection to one of our listeners at the bridge. Nothing is said of us before the bridge has shown a certificate of its
 * name. Rejects with an Error that says why, within 5 s; the signal ends the attempt.
 */
export async function dialBridge(place: BridgePlace, listener: BridgeListener, signal: AbortSignal): Promise<Socket> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const { socket, ready } = open(place);
  const cut = (): void => void socket.destroy(new Error(signal.aborted ? 'given up' : 'no answer in time'));
  limit.addEventListener('abort', cut);
  try {
    await once(socket, ready);
    await changeOver(socket, place, listener);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    limit.removeEventListener('abort', cut);
  }
}

function open({ url, ca }: BridgePlace): { readonly socket: Socket; readonly ready: 'connect' | 'secureConnect' } {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:';
  const to = { host, port: Number(url.port || (secure ? 443 : 80)), allowHalfOpen: true };
  if (!secure) return { socket: tuned(connect(to)), ready: 'connect' };
  const named = isIP(host) ? {} : { servername: host };
  const socket = connectTls({ ...to, ...named, ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' });
  return { socket: tuned(socket), ready: 'secureConnect' };
}

function tuned(socket: Socket): Socket {
  return socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
}

/** Asks for the listener. */
function changeOver(socket: Socket, { url, proof }: BridgePlace, listener: BridgeListener): Promise<void> {
  const outgoing = request({
    createConnection: () => socket,
    path: pathOfListener(listener),
    headers: { host: url.host, connection: 'Upgrade', upgrade: bridgeUpgrade, authorization: writeProof(proof) },
  });
  return new Promise((resolve, reject) => {
    outgoing
      .once('upgrade', (_answer, _socket, head: Buffer) => {
        if (head.length > 0) socket.unshift(head);
        resolve();
      })
      .once('response', (answer) => {
        reject(new Error(`the bridge answers ${String(answer.statusCode)}`));
      })
      .on('error', reject)
      .end();
  });
}
