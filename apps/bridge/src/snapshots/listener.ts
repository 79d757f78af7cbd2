import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { checked } from '@remuda/blobs';
import {
  RemudaError,
  snapshotName,
  type SnapshotNote,
  type Blobs,
  type SnapshotIndex,
  type TurnOrigin,
} from '@remuda/domain';
import {
  artifactsPath,
  bridgeTokenHeader,
  originPath,
  pushPath,
  readSnapshotNote,
  snapshotBrokenStatus,
  snapshotNoteHeader,
  snapshotPath,
  workspacePath,
  type BridgeGrant,
} from '@remuda/protocol';
import type { PushParts } from '../git/push/push.js';
import type { Grants } from '../grants.port.js';
import type { BridgeMetrics } from '../metrics.js';
import { findGrant, findKeptGrant } from '../token.js';
import { keepArtifacts, type ArtifactParts } from './keep-artifacts.js';
import { pushCommits } from './push-commits.js';
import { openWorkspace, type PackedFiles } from './workspace-source.js';

/** Dependencies of the snapshot listener. */
export interface SnapshotListener extends ArtifactParts {
  readonly grants: Grants;
  readonly blobs: Blobs;
  /** What jobs begin with. */
  readonly uploads: Blobs;
  readonly store: SnapshotIndex;
  /** Dependencies of pushing commits. */
  readonly pushes: PushParts;
  readonly metrics: Pick<BridgeMetrics, 'connections' | 'snapshots' | 'snapshotBytes'>;
  /** Timeout of a client that is silent although it is waited for, in ms: it must not keep files open. Default 30 s. */
  readonly silenceMs?: number | undefined;
}

/** Result of a request, which its status reports. */
const statuses = {
  stored: 204,
  read: 200,
  malformed: 400,
  ended: 401,
  unknown: 404,
  busy: 409,
  broken: snapshotBrokenStatus,
  too_large: 413,
  refused: 422,
  failed: 500,
  unavailable: 503,
  full: 507,
} as const;

type Ending = keyof typeof statuses;

/** Default of `silenceMs`, and timeout of a whole body, in ms. */
const usualSilenceMs = 30_000;
const bodyMs = 300_000;

/**
 * The listener through which a worker stores its job's snapshot and artifacts and has its commits pushed, and the next one fetches the snapshot, or that of
 * the turn before: of no other job, and only while the token is valid. Nothing on this side reads the contents of a snapshot.
 */
export function createSnapshotListener(listener: SnapshotListener): Server {
  const putting = new Set<string>();
  const broken = new Set<string>();
  const server = createServer({ requestTimeout: bodyMs }, (request, response) => {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    // from now on, it may be the client that waits
    request.socket.setTimeout(0);
    const silenceMs = listener.silenceMs ?? usualSilenceMs;
    serve({ listener, putting, broken, request, response, silenceMs })
      .catch((error: unknown) => faultOf(listener, request, error))
      .then((ending) => {
        listener.metrics.snapshots.inc({ outcome: ending });
        request.socket.setTimeout(silenceMs);
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
  server.setTimeout(listener.silenceMs ?? usualSilenceMs);
  return server;
}

interface Exchange {
  readonly listener: SnapshotListener;
  /** What is being stored. */
  readonly putting: Set<string>;
  /** Names of blobs that turned out not to be what was stored. */
  readonly broken: Set<string>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly silenceMs: number;
}

async function serve(exchange: Exchange): Promise<Ending> {
  const { listener, request } = exchange;
  const token = headerOf(request, bridgeTokenHeader);
  const grant = await findGrant(listener.grants, token);
  if (!grant) {
    const kept = isSnapshot(request) ? await findKeptGrant(listener.grants, token) : undefined;
    return kept ? takeSnapshot(exchange, kept) : 'ended';
  }
  if (request.url === originPath && request.method === 'GET') return give(exchange, await originOf(listener, grant));
  if (request.url === workspacePath && request.method === 'GET')
    return send(exchange, await openWorkspace(listener, grant.job));
  if (request.url === artifactsPath && request.method === 'PUT')
    return alone(exchange, `artifacts of ${grant.job}`, () =>
      keepArtifacts({ ...exchange, content: bodyOf(exchange) }, listener, grant),
    );
  if (request.url === pushPath && request.method === 'PUT')
    return alone(exchange, `commits of ${grant.job}`, () =>
      pushCommits({ ...exchange, content: bodyOf(exchange) }, listener.pushes, grant),
    );
  if (request.url !== snapshotPath) return 'malformed';
  if (request.method === 'GET') return give(exchange, await ownOf(listener, grant));
  return isSnapshot(request) ? takeSnapshot(exchange, grant) : 'malformed';
}

const isSnapshot = ({ url, method }: IncomingMessage): boolean => url === snapshotPath && method === 'PUT';

async function takeSnapshot(exchange: Exchange, grant: BridgeGrant): Promise<Ending> {
  const note = readSnapshotNote(headerOf(exchange.request, snapshotNoteHeader) ?? '');
  return note ? alone(exchange, grant.job, () => keep(exchange, grant, note)) : 'malformed';
}

/** Stores one of a kind at a time: a snapshot that was given up may still be under way when artifacts come. */
async function alone({ putting }: Exchange, what: string, keeps: () => Promise<Ending>): Promise<Ending> {
  if (putting.has(what)) return 'busy';
  putting.add(what);
  try {
    return await keeps();
  } finally {
    putting.delete(what);
  }
}

/**
 * Stores the snapshot under a new name, records the name, and only then removes the previous one: whatever fails in
 * between, the record names a complete snapshot. If the record refuses it, the lease has ended meanwhile. If the result
 * is unknown, both are kept, and the sweep removes the wrong one.
 */
async function keep(exchange: Exchange, grant: BridgeGrant, note: SnapshotNote): Promise<Ending> {
  const { blobs, store, metrics, log } = exchange.listener;
  const { job, worker, lease } = grant;
  const copy = randomBytes(8).toString('hex');
  const name = snapshotName(job, { lease, copy });
  const put = await blobs.put(name, bodyOf(exchange));
  if (put.kind !== 'stored') return put.kind;
  const { bytes, sha256 } = put;
  const noted = await store.note(job, worker, { ...note, lease, copy, bytes, sha256 });
  if (noted === 'ended') {
    await blobs.remove(name);
    return 'ended';
  }
  if (noted.replaced) await blobs.remove(snapshotName(job, noted.replaced));
  metrics.snapshotBytes.inc(bytes);
  log.debug({ job, lease, bytes }, 'snapshot kept');
  return 'stored';
}

async function ownOf({ store }: SnapshotListener, { job }: BridgeGrant): Promise<TurnOrigin | undefined> {
  const snapshot = await store.find(job);
  return snapshot && { job, snapshot };
}

function originOf({ store }: SnapshotListener, { job }: BridgeGrant): Promise<TurnOrigin | undefined> {
  return store.findOrigin(job);
}

async function give(exchange: Exchange, of: TurnOrigin | undefined): Promise<Ending> {
  if (!of) return 'unknown';
  const name = snapshotName(of.job, of.snapshot);
  if (exchange.broken.has(name)) return 'broken';
  const blob = await exchange.listener.blobs.get(name);
  if (!blob) return 'unknown';
  const { sha256 } = of.snapshot;
  if (sha256 === undefined) return send(exchange, blob);
  return send(exchange, { ...blob, content: checked(blob.content, sha256) }).catch((error: unknown) => {
    // where a part of it is sent already, the next request is told
    if (isBroken(error)) exchange.broken.add(name);
    throw error;
  });
}

async function send({ request, response, silenceMs }: Exchange, blob: PackedFiles | undefined): Promise<Ending> {
  if (!blob) return 'unknown';
  const { first, content } = await begun(blob.content);
  request.socket.setTimeout(silenceMs);
  const length = blob.bytes === undefined ? {} : { 'content-length': blob.bytes };
  response.writeHead(200, { 'content-type': 'application/octet-stream', ...length });
  if (first !== undefined) response.write(first);
  await pipeline(content, response);
  return 'read';
}

/**
 * A request's body. A client's silence counts while more of the body is awaited, and not while what came is worked on: then it is
 * the client that waits. Reading may end early: the request must be answered even then.
 */
async function* bodyOf({ request, silenceMs }: Exchange): AsyncGenerator<Uint8Array> {
  const { socket } = request;
  socket.setTimeout(silenceMs);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      socket.setTimeout(0);
      yield chunk;
      socket.setTimeout(silenceMs);
    }
  } finally {
    socket.setTimeout(0);
  }
}

/** Reads the first chunk: what is broken at once can still be said by the status. */
async function begun(content: AsyncIterable<Uint8Array>) {
  const iterator = content[Symbol.asyncIterator]();
  const first = await iterator.next();
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => iterator };
  return { first: first.done === true ? undefined : first.value, content: rest };
}

/** Our own faults come first: a request that was read to its end counts as destroyed too. */
function faultOf({ log }: SnapshotListener, request: IncomingMessage, error: unknown): Ending {
  if (error instanceof RemudaError && withoutGrant.includes(error.code)) return 'unavailable';
  if (isBroken(error)) return 'broken';
  if (diskFull.includes(codeOf(error) ?? '')) return 'full';
  // The worker broke it off, or is gone.
  if (request.errored || codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') return 'malformed';
  log.error({ err: error }, 'the snapshot listener failed');
  return 'failed';
}

const isBroken = (error: unknown): boolean => error instanceof RemudaError && error.code === 'blobs.broken';

const withoutGrant: readonly string[] = ['redis.unavailable', 'format.unsupported', 'blobs.unavailable'];
const diskFull: readonly string[] = ['ENOSPC', 'EDQUOT'];

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/**
 * A refused body is read to its end and discarded: if the connection were closed at once, the client might not see the
 * answer.
 */
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
