import { createServer, type Server, type Socket } from 'node:net';
import { RemudaError } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { Grants } from '../grants.port.js';
import type { BridgeMetrics } from '../metrics.js';
import { findGrant } from '../token.js';
import { firstLine } from './first-line.js';
import { Mirror, type MirrorParts } from './mirror.js';
import { errorPacket } from './pkt-line.js';
import { uploadPack } from './upload-pack.js';

/** What the door to repositories needs. */
export interface GitDoor extends MirrorParts {
  /** By URL: the doors of all workers share them. */
  readonly mirrors: Map<string, Mirror>;
  readonly grants: Grants;
  readonly metrics: BridgeMetrics;
  readonly log: Logger;
}

/**
 * The door by which a worker reads its job's repository, and no other: one line of JSON `{"token"}`, then git's
 * upload-pack protocol. The host fetches with its own credentials, into a mirror; none of them comes near the container.
 */
export function createGitDoor(door: GitDoor): Server {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    door.metrics.connections.inc({ door: 'git' });
    socket
      .on('error', () => socket.destroy())
      .once('close', () => {
        door.metrics.connections.dec({ door: 'git' });
      });
    serve(door, socket).catch((error: unknown) => {
      turnAway(socket, reasonFor(door, error));
    });
  });
  return server;
}

/** Whoever was told why does not keep the connection, though its own end may stay open. */
function turnAway(socket: Socket, reason: string): void {
  socket.write(errorPacket(`remuda: ${reason}`));
  socket.destroySoon();
}

async function serve(door: GitDoor, socket: Socket): Promise<void> {
  const grant = await findGrant(door.grants, tokenIn(await firstLine(socket)));
  if (!grant?.git) {
    turnAway(socket, grant ? 'the job has no repository.' : 'no running job stands behind this token.');
    return;
  }
  const { url, ref } = grant.git;
  const mirror = door.mirrors.get(url) ?? new Mirror(url, door);
  door.mirrors.set(url, mirror);
  const begun = door.clock.now();
  await mirror.refresh(ref);
  door.log.info({ job: grant.job, ms: door.clock.now() - begun }, 'repository fetched');
  uploadPack(socket, mirror.folder, door.run);
}

function tokenIn(line: string | undefined): string | undefined {
  const value = parseJson(line ?? '');
  return isRecord(value) && typeof value['token'] === 'string' ? value['token'] : undefined;
}

function reasonFor({ log }: GitDoor, error: unknown): string {
  if (error instanceof RemudaError && error.code !== 'internal') {
    log.warn({ code: error.code, reason: error.message }, 'a repository could not be served');
    return error.message;
  }
  log.error({ err: error }, 'the door to repositories failed');
  return 'the bridge failed.';
}
