import { once } from 'node:events';
import { request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { bridgeUpgrade, pathOfListener, writeProof, type BridgeListener, type WorkerProof } from '@remuda/protocol';

/** A bridge on the network. */
export interface BridgePlace {
  /** `https:` with TLS, `http:` without. */
  readonly url: URL;
  /** CA of its certificate, PEM. Default: the CAs that Node.js trusts. */
  readonly ca?: string;
  readonly proof: WorkerProof;
}

/** Timeout until a connection is accepted, in ms. */
const limitMs = 5_000;
/** Dead peers are detected by keep-alive probes after this much silence, in ms. */
const keepAliveMs = 30_000;

/** Opens connections to our listeners at a bridge. */
export class BridgeDialer {
  /** Created once instead of per connection. */
  readonly #trust: SecureContext | undefined;

  /** Throws if the CA is not valid. */
  constructor(private readonly place: BridgePlace) {
    const { url, ca } = place;
    const secure = url.protocol === 'https:';
    this.#trust = secure
      ? createSecureContext({ ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' })
      : undefined;
  }

  /**
   * Opens a connection to one of our listeners. Nothing about us is sent before the bridge has shown a valid
   * certificate. Rejects with an Error that says why, within 5 s; the signal aborts it.
   */
  async dial(listener: BridgeListener, signal: AbortSignal): Promise<Socket> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const { socket, ready } = open(this.place.url, this.#trust);
    const cut = (): void => void socket.destroy(new Error(signal.aborted ? 'aborted' : 'no answer in time'));
    limit.addEventListener('abort', cut);
    try {
      await once(socket, ready);
      await changeOver(socket, this.place, listener);
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      limit.removeEventListener('abort', cut);
    }
  }
}

function open(
  url: URL,
  secureContext: SecureContext | undefined,
): { readonly socket: Socket; readonly ready: 'connect' | 'secureConnect' } {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const to = { host, port: Number(url.port || (secureContext ? 443 : 80)), allowHalfOpen: true };
  if (!secureContext) return { socket: tuned(connect(to)), ready: 'connect' };
  const named = isIP(host) ? {} : { servername: host };
  return { socket: tuned(connectTls({ ...to, ...named, secureContext })), ready: 'secureConnect' };
}

function tuned(socket: Socket): Socket {
  return socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
}

/** Requests the listener. */
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
        reject(new Error(`the bridge answered with ${String(answer.statusCode)}`));
      })
      .on('error', reject)
      .end();
  });
}
