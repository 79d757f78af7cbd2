import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { RemudaError } from '@remuda/domain';
import { sourceFault } from './source-fault.js';
import type { AllowedSources, RequestSource } from './source-fault.js';

/** The HTTP statuses of the refusals of `sourceFault`. */
export const sourceStatuses = {
  'request.malformed': 400,
  'request.forbidden': 403,
  'request.misdirected': 421,
} as const;

/** The parts of a request that show its source. */
export function readSource({ method = '', httpVersion, headers, socket }: IncomingMessage): RequestSource {
  const { host, origin } = headers;
  const fetched = (name: string): string | undefined => headers[`sec-fetch-${name}`]?.toString();
  return {
    ...{ method, httpVersion, host, origin, localAddress: socket.localAddress },
    ...{ site: fetched('site'), mode: fetched('mode'), dest: fetched('dest') },
  };
}

/** Decides whether a request is admitted. */
export type Admission = (request: IncomingMessage) => RemudaError | undefined;

/** Admits all requests that `sourceFault` does not refuse. */
export function admitSources(allowed: AllowedSources): Admission {
  return (request) => sourceFault(readSource(request), allowed);
}

/** Puts an admission check before all handlers of a server, and returns the server. */
export function guardServer<S extends Server>(server: S, admission: Admission): S {
  const serve = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
    const fault = admission(request);
    if (fault) answerFault(response, fault);
    else for (const listener of serve) listener.call(server, request, response);
  });
  return server;
}

/** Answers with a short problem document, and closes the connection: the request's body is not read. */
export function answerFault(response: ServerResponse, { code, message }: RemudaError): void {
  const status = code in sourceStatuses ? sourceStatuses[code as keyof typeof sourceStatuses] : 403;
  const problem = { type: `urn:remuda:error:${code}`, status, code, detail: message };
  response
    .writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' })
    .end(JSON.stringify(problem));
}
