import type { Server } from 'node:net';
import { join } from 'node:path';
import { bridgeSockets } from '@remuda/protocol';
import { Listeners, type ListenerKind } from '../listeners.js';
import { createGitListener, type GitListener } from '../git/listener.js';
import { createModelServer, type ModelListener } from '../model/listener.js';
import { createRedisListener } from '../redis/listener.js';
import type { RedisWhereabouts } from '../redis/whereabouts.js';
import { createSnapshotListener, type SnapshotListener } from '../snapshots/listener.js';
import { makeOwnFolder } from '../sockets.js';
import { ownGrants } from './own-grants.js';
import { BytesUnderWay, holdToShare, type Share } from './share.js';

/** What the listeners of all workers share. */
export interface WorkerListenerParts {
  readonly model: ModelListener;
  readonly git: GitListener;
  readonly snapshots: SnapshotListener;
  readonly redis: RedisWhereabouts;
  /** Mode of the sockets that Claude Code has no business with. */
  readonly workersOnly: number;
}

/** What one worker may take of each listener. Claude Code asks the model several things at once, a worker has four connections to Redis. */
export const shares = {
  model: { connections: 64 },
  git: { connections: 8 },
  snapshot: { connections: 4 },
  redis: { connections: 16 },
} as const satisfies Record<keyof typeof bridgeSockets, Share>;

/** Bytes of model requests that one worker may have under way at a time: two of the largest. */
export const modelBytes = 128 * 1024 * 1024;

/**
 * Opens a worker's own listeners in its folder, which is made where it is missing. A token of another worker's job is worth nothing at
 * them. Rejects with `config.invalid` when they can't be had; then none is left open.
 */
export async function openWorkerListeners(
  worker: string,
  folder: string,
  parts: WorkerListenerParts,
): Promise<Listeners> {
  makeOwnFolder(folder, 0o755);
  const listeners = new Listeners();
  const open = async (
    name: keyof typeof bridgeSockets,
    kind: ListenerKind,
    server: Server,
    mode: number,
  ): Promise<void> => {
    holdToShare(server, shares[name]);
    await listeners.onSocket(kind, server, { path: join(folder, bridgeSockets[name]), mode });
  };
  const { model, git, snapshots, redis, workersOnly } = parts;
  const grants = ownGrants(model.grants, worker);
  const underWay = new BytesUnderWay(modelBytes);
  try {
    await open('redis', 'lines', createRedisListener(redis, snapshots.metrics), workersOnly);
    await open('git', 'answers', createGitListener({ ...git, grants }), 0o666);
    await open('snapshot', 'answers', createSnapshotListener({ ...snapshots, grants }), workersOnly);
    await open('model', 'answers', createModelServer({ ...model, grants, underWay }), 0o666);
    return listeners;
  } catch (error) {
    await listeners.close(0);
    throw error;
  }
}
