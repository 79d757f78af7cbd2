import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { EgressRefusal } from '@remuda/domain';
import type { AttemptEgress } from './attempt-egress.js';
import { pinnedLookup } from './pinned.js';
import { hostHeader, literalAddress, type PlainTarget } from './target.js';
import { sentBack, type Way } from './way.js';

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
  /** With TLS or a credential, if it goes to such a place. */
  readonly way: Way | undefined;
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
  const { request, response, target, way, connectMs } = forwarding;
  const outgoing = open(forwarding);
  const cut = (): void => void outgoing.destroy();
  const late = setTimeout(cut, connectMs);
  outgoing
    .once('socket', (socket) =>
      socket.once(way?.isSecure === true ? 'secureConnect' : 'connect', () => {
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
    const headers = endToEnd(answer.headers);
    const back = way && sentBack(headers.location, target, way);
    response.writeHead(
      answer.statusCode ?? 502,
      answer.statusMessage,
      back === undefined ? headers : { ...headers, location: back },
    );
    await pipeline(answer, response);
  } finally {
    clearTimeout(late);
  }
}

function open({ request, target, addresses, way, idleMs }: Forwarding) {
  const headers: OutgoingHttpHeaders = {
    ...requestHeaders(request),
    host: way?.host ?? hostHeader(target),
    ...way?.headers,
  };
  const options = {
    host: 'pinned.invalid',
    port: way?.port ?? target.port,
    path: target.path,
    method: request.method ?? 'GET',
    headers,
    lookup: pinnedLookup(addresses),
    agent: false,
    timeout: idleMs,
  };
  if (way?.isSecure !== true) return httpRequest(options);
  const address = literalAddress(target);
  // the certificate is checked for the host that was allowed, whatever the connection is opened to
  const name = address === undefined ? { servername: target.host } : { host: address };
  return httpsRequest({ ...options, ...name, ...(way.ca === undefined ? {} : { ca: way.ca }) });
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
