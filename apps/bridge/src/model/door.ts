import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { RemudaError } from '@remuda/domain';
import type { BridgeGrant } from '@remuda/protocol';
import type { Grants } from '../grants.port.js';
import { findGrant } from '../token.js';
import { maxBodyBytes } from './body-limit.js';
import { forward, type Exchange } from './forward.js';
import { tokenOf } from './headers.js';
import { refusalBody, refusals, type RefusalReason } from './refusals.js';
import { routeOf, type Route } from './route.js';
import { beginTally, type Ledger } from './tally.js';
import type { Upstream } from './upstream.js';

/** What the door to the model needs. */
export interface ModelDoor extends Ledger {
  readonly grants: Grants;
  readonly upstream: Upstream;
  /** Whether the bridge takes nothing new any more. */
  readonly stopping: () => boolean;
}

/** A warm worker's connection stays open while it waits for a job. */
const keepAliveMs = 300_000;

/** The HTTP server by which Claude Code reaches the model; it may listen at several addresses, one server for each. */
export function createModelServer(door: ModelDoor): Server {
  return createServer({ keepAliveTimeout: keepAliveMs, noDelay: true }, (request, response) => {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    response.once('close', () => {
      if (door.stopping()) request.socket.end();
    });
    serve(door, { request, response }).catch((err: unknown) => {
      door.log.error({ err }, 'a request failed');
      refuse(door, response, 'broken');
    });
  });
}

async function serve(door: ModelDoor, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const cameAt = door.clock.now();
  const route = routeOf(request.method ?? '', request.url ?? '');
  if (route === 'probe') {
    answer(response, 200, '');
    return;
  }
  const admission = door.stopping() ? 'stopping' : await admit(door, route, request);
  if (response.destroyed) return;
  if (admission === 'constant') answerIdle(door, response);
  else if (typeof admission === 'string') refuse(door, response, admission);
  else await pass(door, exchange, { grant: admission, cameAt, counted: route === 'messages' });
}

function answerIdle({ metrics }: ModelDoor, response: ServerResponse): void {
  metrics.idleAnswers.inc();
  answer(response, 200, constantCount);
}

/** What `count_tokens` says while no job runs: priming wants a number, any number. */
const constantCount = '{"input_tokens":10}';

/** The grant to pass a request on with, the reason to refuse it, or `constant` for what the bridge answers by itself. */
async function admit(
  door: ModelDoor,
  route: Route | undefined,
  request: IncomingMessage,
): Promise<BridgeGrant | RefusalReason | 'constant'> {
  if (!route) return 'path';
  try {
    const grant = await findGrant(door.grants, tokenOf(request.headers));
    if (!grant) return route === 'count_tokens' ? 'constant' : 'ended';
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return 'too_large';
    if (!(await isSpent(door, grant))) return grant;
    await door.counts.refused(grant.job);
    return 'budget';
  } catch (error) {
    if (error instanceof RemudaError && error.code === 'redis.unavailable') return 'grants_unavailable';
    throw error;
  }
}

async function isSpent({ counts }: ModelDoor, { job, maxBudgetUsd }: BridgeGrant): Promise<boolean> {
  return maxBudgetUsd !== undefined && (await counts.spentMicroUsd(job)) >= maxBudgetUsd * 1_000_000;
}

interface Admitted {
  readonly grant: BridgeGrant;
  readonly cameAt: number;
  /** Whether the request counts as one of the job's: counting tokens is free. */
  readonly counted: boolean;
}

async function pass(door: ModelDoor, exchange: Exchange, { grant, cameAt, counted }: Admitted): Promise<void> {
  const tally = counted ? beginTally(grant, cameAt, door) : undefined;
  const outcome = await forward(exchange, door.upstream, (upstreamAnswer) => tally?.readAlong(upstreamAnswer));
  door.metrics.requests.inc({ outcome });
  if (outcome === 'cut' || outcome === 'unreachable')
    door.log.warn({ job: grant.job, outcome }, 'the model did not answer to the end');
  if (outcome === 'unreachable' || outcome === 'too_large') refuse(door, exchange.response, outcome);
}

function refuse(door: ModelDoor, response: ServerResponse, reason: RefusalReason): void {
  door.metrics.refused.inc({ reason });
  if (response.headersSent || response.destroyed) return void response.destroy();
  const refusal = refusals[reason];
  answer(response, refusal.status, refusalBody(refusal), 'headers' in refusal ? refusal.headers : {});
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}
