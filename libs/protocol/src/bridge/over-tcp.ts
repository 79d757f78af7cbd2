import { bridgeSockets } from './bridge.js';

/**
 * How a worker that shares no file system with the bridge reaches its own listeners there: by a connection for each use, which begins
 * with `GET /listeners/<listener>`, `Upgrade: remuda` and the worker's proof of itself. After `101` it is a connection as it is at the
 * listener's socket.
 */

/** A listener of the bridge's that each worker has of its own. */
export type BridgeListener = keyof typeof bridgeSockets;

/** The protocol that the connection changes to, as the header `Upgrade` names it. */
export const bridgeUpgrade = 'remuda';

/** Connections that one worker may have at a time, by listener. */
export const bridgeShares = {
  /** Claude Code asks the model several things at once. */
  model: 64,
  git: 8,
  snapshot: 4,
  /** A worker has four. */
  redis: 16,
} as const satisfies Record<BridgeListener, number>;

/** Who a worker is, and what only it, and its bridge by the SHA-256, knows. */
export interface WorkerProof {
  readonly worker: string;
  readonly credential: string;
}

/** The path that asks for a listener. */
export function pathOfListener(listener: BridgeListener): string {
  return `/listeners/${listener}`;
}

/** The listener that a path asks for; undefined where there is none such. */
export function listenerOfPath(path: string): BridgeListener | undefined {
  const listeners = Object.keys(bridgeSockets) as BridgeListener[];
  return listeners.find((listener) => path === pathOfListener(listener));
}

/** A worker's proof as the header `Authorization`. */
export function writeProof({ worker, credential }: WorkerProof): string {
  return `Basic ${Buffer.from(`${worker}:${credential}`).toString('base64')}`;
}

/** Reads the header `Authorization`; undefined where it holds no proof. */
export function readProof(header: string): WorkerProof | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]{1,1024}={0,2})$/.exec(header)?.[1];
  const [, worker, credential] = /^([^:]+):(.+)$/.exec(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? [];
  return worker === undefined || credential === undefined ? undefined : { worker, credential };
}
