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

/** What the Git listener needs. */
export interface GitListener {
  /** The listeners of all workers share them. */
  readonly mirrors: Mirrors;
  /** The environment of the git that serves. */
  readonly env: Readonly<Record<string, string>>;
  readonly grants: Grants;
  readonly metrics: Pick<BridgeMetrics, 'connections'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The listener by which a worker reads its job's repository, and no other: one line of JSON `{"token"}`, then git's
 * upload-pack protocol. The host fetches with its own credentials, into a mirror; none of them comes near the container.
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

/** Whoever was told why does not keep the connection, though its own end may stay open. */
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

/** What may go well another time is marked as such: the worker tells by that whose fault it is. */
function reasonFor({ log }: GitListener, error: unknown): string {
  if (error instanceof RemudaError && error.code !== 'internal') {
    log.warn({ code: error.code, reason: error.message }, 'a repository could not be served');
    return error.code === 'workspace.failed' ? error.message : `${bridgeRefusal.git}: ${error.message}`;
  }
  log.error({ err: error }, 'the Git listener failed');
  return `${bridgeRefusal.git}: the bridge failed.`;
}
