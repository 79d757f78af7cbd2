import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { EgressRefusal } from '@remuda/domain';
import type { AttemptEgress } from './attempt-egress.js';
import { pinnedLookup } from './pinned.js';
import { hostHeader, type PlainTarget } from './target.js';

/** Headers that are between two neighbours, and not passed on (RFC 9110, 7.6.1). */
const betweenNeighbours = [
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'expect', 'http2-settings'],
];

/** A plain request that was admitted. */
export interface Forwarding {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: PlainTarget;
  readonly addresses: readonly string[];
  readonly use: AttemptEgress;
  readonly idleMs: number;
  readonly connectMs: number;
  readonly onRefused: (reason: EgressRefusal) => void;
}

/**
 * Sends a plain HTTP request on, on a connection of its own, and its answer back. Both are written anew from what was
 * parsed, so that nothing is hidden in them. Rejects if there is no answer.
 */
export async function forward(forwarding: Forwarding): Promise<void> {
  const { request, response, target, addresses, idleMs, connectMs } = forwarding;
  const outgoing = httpRequest({
    host: 'pinned.invalid',
    port: target.port,
    path: target.path,
    method: request.method ?? 'GET',
    headers: { ...requestHeaders(request), host: hostHeader(target) },
    lookup: pinnedLookup(addresses),
    agent: false,
    timeout: idleMs,
  });
  const cut = (): void => void outgoing.destroy();
  const late = setTimeout(cut, connectMs);
  outgoing
    .once('socket', (socket) =>
      socket.once('connect', () => {
        clearTimeout(late);
      }),
    )
    .once('timeout', cut);
  response.once('close', cut);
  countBytes(forwarding, request, 'sentBytes', cut);
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing
        .once('response', resolve)
        .on('error', reject)
        .once('close', () => {
          reject(new Error('no answer'));
        });
    });
    pipeline(request, outgoing).catch(cut);
    const answer = await answered;
    countBytes(forwarding, answer, 'receivedBytes', cut);
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.headers));
    await pipeline(answer, response);
  } finally {
    clearTimeout(late);
  }
}

function countBytes(
  { use, response, onRefused }: Forwarding,
  stream: IncomingMessage,
  field: 'sentBytes' | 'receivedBytes',
  cut: () => void,
): void {
  stream.on('data', (chunk: Buffer) => {
    use[field] += chunk.length;
    if (!use.isSpent) return;
    onRefused('limit');
    cut();
    response.destroy();
  });
  // a listener lets it flow: nothing is lost before it is piped
  stream.pause();
}

/** A body without a length keeps its framing, or it would be read as another request. */
function requestHeaders({ headers }: IncomingMessage): IncomingHttpHeaders {
  const chunked = headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
  return { ...endToEnd(headers), ...chunked };
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const dropped = new Set([...betweenNeighbours, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
