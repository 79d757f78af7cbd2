import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { RemudaError, snapshotName, type SnapshotNote, type Blobs, type SnapshotIndex } from '@remuda/domain';
import {
  bridgeTokenHeader,
  readSnapshotNote,
  snapshotNoteHeader,
  snapshotPath,
  type BridgeGrant,
} from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { Grants } from '../grants.port.js';
import type { BridgeMetrics } from '../metrics.js';
import { findGrant } from '../token.js';

/** What the snapshot listener needs. */
export interface SnapshotListener {
  readonly grants: Grants;
  readonly blobs: Blobs;
  readonly store: SnapshotIndex;
  readonly metrics: Pick<BridgeMetrics, 'connections' | 'snapshots' | 'snapshotBytes'>;
  readonly log: Logger;
}

/** How a request ends, as its status says it. */
const statuses = {
  stored: 204,
  read: 200,
  malformed: 400,
  ended: 401,
  unknown: 404,
  busy: 409,
  too_large: 413,
  failed: 500,
  unavailable: 503,
  full: 507,
} as const;

type Ending = keyof typeof statuses;

/** Longest silence on a connection, and longest body, in ms: who says nothing holds no file open. */
const silenceMs = 30_000;
const bodyMs = 300_000;

/**
 * The listener by which a worker leaves its job's snapshot, and the next one takes it up: of no other job, and only while the
 * token is good. What is in it is opened by nobody on this side.
 */
export function createSnapshotListener(listener: SnapshotListener): Server {
  const putting = new Set<string>();
  const server = createServer({ requestTimeout: bodyMs }, (request, response) => {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    serve({ listener, putting, request, response })
      .catch((error: unknown) => faultOf(listener, request, error))
      .then((ending) => {
        listener.metrics.snapshots.inc({ outcome: ending });
        finish(request, response, ending);
      })
      .catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    listener.metrics.connections.inc({ listener: 'snapshot' });
    socket.once('close', () => {
      listener.metrics.connections.dec({ listener: 'snapshot' });
    });
  });
  server.setTimeout(silenceMs);
  return server;
}

interface Exchange {
  readonly listener: SnapshotListener;
  /** Jobs of which one is just being kept. */
  readonly putting: Set<string>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function serve(exchange: Exchange): Promise<Ending> {
  const { listener, request, putting } = exchange;
  const grant = await findGrant(listener.grants, headerOf(request, bridgeTokenHeader));
  if (!grant) return 'ended';
  if (request.url !== snapshotPath) return 'malformed';
  if (request.method === 'GET') return give(exchange, grant);
  const note = request.method === 'PUT' ? readSnapshotNote(headerOf(request, snapshotNoteHeader) ?? '') : undefined;
  if (!note) return 'malformed';
  if (putting.has(grant.job)) return 'busy';
  putting.add(grant.job);
  try {
    return await keep(exchange, grant, note);
  } finally {
    putting.delete(grant.job);
  }
}

/**
 * Keeps what comes under a name of its own, says so in the record, and only then removes the one before: whatever breaks off in
 * between, the record names a whole snapshot. If the record refuses it, the lease had ended meanwhile. Where nobody knows whether
 * it was noted, both stay, and the sweep removes the one that is not.
 */
async function keep({ listener, request }: Exchange, grant: BridgeGrant, note: SnapshotNote): Promise<Ending> {
  const { blobs, store, metrics, log } = listener;
  const { job, worker, lease } = grant;
  const copy = randomBytes(8).toString('hex');
  const name = snapshotName(job, { lease, copy });
  // Broken off, the request is still to be answered.
  const put = await blobs.put(name, request.iterator({ destroyOnReturn: false }));
  if (put.kind !== 'stored') return put.kind;
  const { bytes } = put;
  const noted = await store.note(job, worker, { ...note, lease, copy, bytes });
  if (noted === 'ended') {
    await blobs.remove(name);
    return 'ended';
  }
  if (noted.replaced) await blobs.remove(snapshotName(job, noted.replaced));
  metrics.snapshotBytes.inc(bytes);
  log.debug({ job, lease, bytes }, 'snapshot kept');
  return 'stored';
}

async function give({ listener, response }: Exchange, { job }: BridgeGrant): Promise<Ending> {
  const snapshot = await listener.store.find(job);
  const blob = snapshot && (await listener.blobs.get(snapshotName(job, snapshot)));
  if (!blob) return 'unknown';
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': blob.bytes });
  await pipeline(blob.content, response);
  return 'read';
}

/** What is wrong on this side comes first: a request that was read to its end counts as destroyed too. */
function faultOf({ log }: SnapshotListener, request: IncomingMessage, error: unknown): Ending {
  if (error instanceof RemudaError && withoutGrant.includes(error.code)) return 'unavailable';
  if (diskFull.includes(codeOf(error) ?? '')) return 'full';
  // A worker that breaks off has thought better of it, or is gone.
  if (request.errored || codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') return 'malformed';
  log.error({ err: error }, 'the snapshot listener failed');
  return 'failed';
}

const withoutGrant: readonly string[] = ['redis.unavailable', 'format.unsupported'];
const diskFull: readonly string[] = ['ENOSPC', 'EDQUOT'];

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** What was refused half-way is read on, and thrown away, until the client has seen so: closed at once, it might not. */
function finish(request: IncomingMessage, response: ServerResponse, ending: Ending): void {
  if (ending === 'read') return;
  if (response.headersSent) return void response.destroy();
  response.writeHead(statuses[ending]).end();
  request.resume();
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
