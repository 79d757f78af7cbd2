import { Agent as HttpAgent, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Credential } from '../credential.js';

/** The model's address and connection settings. */
export interface Upstream {
  readonly url: URL;
  readonly agent: HttpAgent | HttpsAgent;
  readonly credential: Credential;
  /** Timeout in ms of a new connection, TLS included. */
  readonly connectTimeoutMs: number;
  /** Closes the connections. */
  close(): void;
}

/** Idle timeout of connections to the model. */
const idleMs = 60_000;

/** Prepares connections to the model; none is opened before the first request. */
export function openUpstream(url: URL, credential: Credential, connectTimeoutMs: number): Upstream {
  // Every running turn holds one connection: a limit here would make jobs wait for each other.
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

/** Aborts a request whose connection times out. Must be called once the request has its socket. */
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
