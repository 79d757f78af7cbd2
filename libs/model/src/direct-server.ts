import { createServer, type Server, type ServerResponse } from 'node:http';
import type { ServerTool } from '@remuda/domain';
import type { BetaAllowance } from './request/betas.js';
import { outgoingHeaders, tokenOf } from './request/headers.js';
import { readBody } from './request/read-body.js';
import { routeOf, type Route } from './request/route.js';
import { forward, type Exchange } from './upstream/forward.js';
import type { Upstream } from './upstream/upstream.js';

/** Dependencies of a direct server. */
export interface DirectServer {
  readonly upstream: Upstream;
  /** Whether a running turn has this token. */
  readonly admits: (token: string | undefined) => boolean;
  /** Told why the model did not answer. Default: nobody. */
  readonly onFault?: (fault: 'cut' | 'unreachable') => void;
}

/** Everything that Claude Code itself may ask for: the credential is its user's own. */
const everything: BetaAllowance = {
  serverTools: ['web_search', 'web_fetch', 'code_execution', 'advisor', 'mcp', 'files'] satisfies ServerTool[],
  betas: [],
};

const keepAliveMs = 300_000;

/** The answers of the server itself, as status and error in the format of the Messages API. */
const refusals = {
  path: [403, 'permission_error', 'This path is not passed on to the model.'],
  ended: [401, 'authentication_error', 'This token belongs to no running turn.'],
  too_large: [413, 'request_too_large', 'The request is larger than 32 MB.'],
  unreachable: [502, 'api_error', 'The model cannot be reached.'],
} as const;

/**
 * The HTTP server through which a Claude Code of one user reaches the model: it adds the credential, so that neither
 * Claude Code nor what it starts has it. Requests are not counted, and not limited in what they ask for. A token that
 * no running turn has is answered like a bridge does: token counts by a constant, everything else by 401.
 */
export function createDirectServer(direct: DirectServer): Server {
  return createServer({ keepAliveTimeout: keepAliveMs, noDelay: true }, (request, response) => {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    serve(direct, { request, response }).catch(() => response.destroy());
  });
}

async function serve(direct: DirectServer, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const route = routeOf(request.method ?? '', request.url ?? '');
  if (route === 'probe') answer(response, 200, '');
  else if (!route) refuse(response, 'path');
  else if (direct.admits(tokenOf(request.headers))) await pass(direct, exchange);
  else answerIdle(route, response);
}

function answerIdle(route: Route, response: ServerResponse): void {
  if (route === 'count_tokens') answer(response, 200, '{"input_tokens":10}');
  else refuse(response, 'ended');
}

async function pass({ upstream, onFault }: DirectServer, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const body = await readBody(request);
  if (body === 'left') return;
  if (body === 'too_large') {
    refuse(response, body);
    return;
  }
  const headers = outgoingHeaders(request.headers, everything);
  const passage = await forward(exchange, upstream, { headers, body, onAnswer: () => undefined });
  if (passage === 'cut' || passage === 'unreachable') onFault?.(passage);
  if (passage === 'unreachable') refuse(response, passage);
}

function refuse(response: ServerResponse, reason: keyof typeof refusals): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const [status, type, message] = refusals[reason];
  if (reason === 'too_large') response.setHeader('connection', 'close');
  if (reason === 'ended') response.setHeader('x-should-retry', 'false');
  answer(response, status, JSON.stringify({ type: 'error', error: { type, message } }));
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
