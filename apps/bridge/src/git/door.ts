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
  readonly grants: Grants;
  readonly metrics: BridgeMetrics;
  readonly log: Logger;
}

/** Most connections at a time: each is a git process on the host. */
const maxConnections = 200;

/**
 * The door by which a worker reads its job's repository, and no other: one line of JSON `{"token"}`, then git's
 * upload-pack protocol. The host fetches with its own credentials, into a mirror; none of them comes near the container.
 */
export function createGitDoor(door: GitDoor): Server {
  const mirrors = new Map<string, Mirror>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    door.metrics.connections.inc({ door: 'git' });
    socket
      .on('error', () => socket.destroy())
      .once('close', () => {
        door.metrics.connections.dec({ door: 'git' });
      });
    serve(door, mirrors, socket).catch((error: unknown) => {
      socket.end(errorPacket(`remuda: ${reasonFor(door, error)}`));
    });
  });
  server.maxConnections = maxConnections;
  return server;
}

async function serve(door: GitDoor, mirrors: Map<string, Mirror>, socket: Socket): Promise<void> {
  const grant = await findGrant(door.grants, tokenIn(await firstLine(socket)));
  if (!grant) return void socket.end(errorPacket('remuda: no running job stands behind this token.'));
  if (!grant.git) return void socket.end(errorPacket('remuda: the job has no repository.'));
  const { url, ref } = grant.git;
  const mirror = mirrors.get(url) ?? new Mirror(url, door);
  mirrors.set(url, mirror);
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
