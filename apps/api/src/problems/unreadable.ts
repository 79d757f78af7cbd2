import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { RemudaError } from '@remuda/domain';
import { toProblem } from './problem.js';

/** Errors of Node's HTTP parser for a request that cannot be routed. */
const reasons: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The request line and the headers have more than 16 KiB.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request was not received in time.',
};
const anyReason = 'The request line or a header is malformed.';

/**
 * Answers a malformed HTTP request with a problem document, and closes the connection: the start of a next request is
 * unknown.
 */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { problem } = toProblem(new RemudaError('request.malformed', reasons[error.code ?? ''] ?? anyReason));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Ignores an unknown `Expect` header (RFC 9110, 10.1.1 permits that). */
export function takeAnyExpectation(server: Server): void {
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
}
