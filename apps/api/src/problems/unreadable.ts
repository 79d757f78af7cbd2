import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { RemudaError } from '@remuda/domain';
import { toProblem } from './problem.js';

/** What Node's HTTP parser says where a request never became one that a route could answer. */
const reasons: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The request line and the headers have more than 16 KiB.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request was not received in time.',
};
const anyReason = 'The request line or a header is malformed.';

/**
 * Answers what is no HTTP request with a problem document, and ends the connection: nobody knows where in it a next
 * request would begin.
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

/** Answers as if nothing were expected where a client expects what is not known (RFC 9110, 10.1.1 lets a server do so). */
export function takeAnyExpectation(server: Server): void {
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
}
