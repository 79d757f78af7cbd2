import type { Server } from 'node:net';
import { join } from 'node:path';
import { bridgeSockets } from '@remuda/protocol';
import { Doors, type DoorKind } from '../doors.js';
import { createGitDoor, type GitDoor } from '../git/door.js';
import { createModelServer, type ModelDoor } from '../model/door.js';
import { createRedisDoor } from '../redis/door.js';
import type { RedisWhereabouts } from '../redis/whereabouts.js';
import { createSnapshotDoor, type SnapshotDoor } from '../snapshots/door.js';
import { makeOwnFolder } from '../sockets.js';
import { ownGrants } from './own-grants.js';
import { BytesUnderWay, holdToShare, type Share } from './share.js';

/** What the listeners of all workers share. */
export interface WorkerDoorParts {
  readonly model: ModelDoor;
  readonly git: GitDoor;
  readonly snapshots: SnapshotDoor;
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
export async function openWorkerDoors(worker: string, folder: string, parts: WorkerDoorParts): Promise<Doors> {
  makeOwnFolder(folder, 0o755);
  const doors = new Doors();
  const open = async (
    name: keyof typeof bridgeSockets,
    kind: DoorKind,
    server: Server,
    mode: number,
  ): Promise<void> => {
    holdToShare(server, shares[name]);
    await doors.onSocket(kind, server, { path: join(folder, bridgeSockets[name]), mode });
  };
  const { model, git, snapshots, redis, workersOnly } = parts;
  const grants = ownGrants(model.grants, worker);
  const underWay = new BytesUnderWay(modelBytes);
  try {
    await open('redis', 'lines', createRedisDoor(redis, snapshots.metrics), workersOnly);
    await open('git', 'answers', createGitDoor({ ...git, grants }), 0o666);
    await open('snapshot', 'answers', createSnapshotDoor({ ...snapshots, grants }), workersOnly);
    await open('model', 'answers', createModelServer({ ...model, grants, underWay }), 0o666);
    return doors;
  } catch (error) {
    await doors.close(0);
    throw error;
  }
}
