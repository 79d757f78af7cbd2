import { createServer, type Server, type Socket } from 'node:net';
import { RemudaError, type Clock } from '@remuda/domain';
import {
  bridgeRefusal,
  errorPacket,
  formatsText,
  isRecord,
  isUnderstood,
  messageFormats,
  parseJson,
} from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { Grants } from '../grants.port.js';
import type { BridgeMetrics } from '../metrics.js';
import { findGrant } from '../token.js';
import { firstLine } from './first-line.js';
import type { Mirrors } from './mirrors/mirrors.js';
import { uploadPack } from './upload-pack.js';
import { whileWaiting } from './while-waiting.js';

/** Dependencies of the Git listener. */
export interface GitListener {
  /** Shared by the listeners of all workers. */
  readonly mirrors: Mirrors;
  /** Environment of the git that serves. */
  readonly env: Readonly<Record<string, string>>;
  readonly grants: Grants;
  readonly metrics: Pick<BridgeMetrics, 'connections'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The listener through which a worker reads its job's repository, and no other: one line of JSON `{"token"}`, then
 * git's upload-pack protocol. The host fetches into a mirror with its own credentials, which never reach the container.
 */
export function createGitListener(listener: GitListener): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    listener.metrics.connections.inc({ listener: 'git' });
    socket
      .on('error', () => socket.destroy())
      .once('close', () => {
        listener.metrics.connections.dec({ listener: 'git' });
      });
    serve(listener, socket).catch((error: unknown) => {
      turnAway(socket, reasonFor(listener, error));
    });
  });
}

/** Closes the connection after a refusal, even if the client keeps its end open. */
function turnAway(socket: Socket, reason: string): void {
  socket.write(errorPacket(`remuda: ${reason}`));
  socket.destroySoon();
}

async function serve(listener: GitListener, socket: Socket): Promise<void> {
  const grant = await findGrant(listener.grants, tokenIn(await firstLine(socket)));
  if (!grant?.git) {
    turnAway(socket, grant ? 'the job has no repository.' : 'this token belongs to no running job.');
    return;
  }
  const { url, ref } = grant.git;
  await listener.mirrors.use(url, async (mirror) => {
    const begun = listener.clock.monotonic();
    await whileWaiting(socket, (left) => mirror.refresh(ref, left));
    listener.log.info({ job: grant.job, ms: Math.round(listener.clock.monotonic() - begun) }, 'repository fetched');
    if ((await uploadPack(socket, mirror.folder, listener)) === 'broken') mirror.doubt();
  });
}

function tokenIn(line: string | undefined): string | undefined {
  const value = parseJson(line ?? '');
  if (isRecord(value) && !isUnderstood(value['v']))
    throw new RemudaError(
      'format.unsupported',
      `The worker's request has an unsupported format: this bridge knows ${formatsText(messageFormats)}.`,
    );
  return isRecord(value) && typeof value['token'] === 'string' ? value['token'] : undefined;
}

/** Transient faults are marked as such, so that the worker can tell whose fault it was. */
function reasonFor({ log }: GitListener, error: unknown): string {
  if (error instanceof RemudaError && error.code !== 'internal') {
    log.warn({ code: error.code, reason: error.message }, 'a repository could not be served');
    return error.code === 'workspace.failed' ? error.message : `${bridgeRefusal.git}: ${error.message}`;
  }
  log.error({ err: error }, 'the Git listener failed');
  return `${bridgeRefusal.git}: the bridge failed.`;
}
