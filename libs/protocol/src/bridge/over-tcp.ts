import { bridgeSockets } from './bridge.js';

/**
 * How a worker that shares no file system with the bridge reaches its own listeners: each connection begins with
 * `GET /listeners/<listener>`, `Upgrade: remuda` and the worker's credential. After `101` it behaves as a connection to
 * the listener's socket.
 */

/** A listener that the bridge has for each worker. */
export type BridgeListener = keyof typeof bridgeSockets;

/** The protocol name in the `Upgrade` header. */
export const bridgeUpgrade = 'remuda';

/** Maximum number of connections per worker, by listener. */
export const bridgeShares = {
  /** Claude Code sends several model requests at once. */
  model: 64,
  git: 8,
  snapshot: 4,
  /** Package managers open some ten each; one is for the refusals. */
  egress: 64,
  /** A worker has four. */
  redis: 16,
} as const satisfies Record<BridgeListener, number>;

/** A worker's id and its secret; the bridge knows the SHA-256 of the secret. */
export interface WorkerProof {
  readonly worker: string;
  readonly credential: string;
}

/** The request path of a listener. */
export function pathOfListener(listener: BridgeListener): string {
  return `/listeners/${listener}`;
}

/** The listener in a request path; undefined if there is none. */
export function listenerOfPath(path: string): BridgeListener | undefined {
  const listeners = Object.keys(bridgeSockets) as BridgeListener[];
  return listeners.find((listener) => path === pathOfListener(listener));
}

/** A worker's credential as the `Authorization` header. */
export function writeProof({ worker, credential }: WorkerProof): string {
  return `Basic ${Buffer.from(`${worker}:${credential}`).toString('base64')}`;
}

/** Parses the `Authorization` header; undefined if it has no credential. */
export function readProof(header: string): WorkerProof | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]{1,1024}={0,2})$/.exec(header)?.[1];
  const [, worker, credential] = /^([^:]+):(.+)$/.exec(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? [];
  return worker === undefined || credential === undefined ? undefined : { worker, credential };
}
