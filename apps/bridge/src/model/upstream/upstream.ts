import { Agent as HttpAgent, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Credential } from '../../credential.js';

/** Where the model is, and how it is spoken to. */
export interface Upstream {
  readonly url: URL;
  readonly agent: HttpAgent | HttpsAgent;
  readonly credential: Credential;
  /** Longest time in ms until a new connection stands, TLS included. */
  readonly connectTimeoutMs: number;
  /** Drops the connections. */
  close(): void;
}

/** Idle connections to the model are dropped after so long. */
const idleMs = 60_000;

/** Prepares connections to the model; none is made before the first request. */
export function openUpstream(url: URL, credential: Credential, connectTimeoutMs: number): Upstream {
  // Every running turn holds one connection: a limit here would make jobs wait for one another.
  const options = { keepAlive: true, maxSockets: Infinity, timeout: idleMs };
  const agent = url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  return {
    url,
    agent,
    credential,
    connectTimeoutMs,
    close: () => {
      agent.destroy();
    },
  };
}

/** Ends a request whose connection does not stand in time. Must be called once the request has its socket. */
export function limitConnect(request: ClientRequest, timeoutMs: number): void {
  const socket = request.socket;
  if (!socket?.connecting) return;
  const timer = setTimeout(() => {
    request.destroy(new Error(`The connection timed out after ${timeoutMs} ms.`));
  }, timeoutMs);
  const stop = (): void => {
    clearTimeout(timer);
  };
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', stop).once('close', stop);
}
