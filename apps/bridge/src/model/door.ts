import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { RemudaError } from '@remuda/domain';
import type { BridgeGrant } from '@remuda/protocol';
import type { Grants } from '../grants.port.js';
import { findGrant } from '../token.js';
import { maxBodyBytes } from './body-limit.js';
import { forward, type Exchange } from './forward.js';
import { tokenOf } from './headers.js';
import { ModelGate } from './model-gate.js';
import { mostMicroUsd } from './prices.js';
import { Purses, type Charge } from './purses.js';
import { refusalBody, refusals, type RefusalReason } from './refusals.js';
import { routeOf, type Route } from './route.js';
import { beginTally, type Ledger, type Tally } from './tally.js';
import type { Upstream } from './upstream.js';
import type { BytesUnderWay } from '../workers/share.js';

/** What the door to the model needs. */
export interface ModelDoor extends Ledger {
  readonly grants: Grants;
  readonly upstream: Upstream;
  /** Bytes of requests that are under way at a time; without it there may be any number. */
  readonly underWay?: BytesUnderWay;
  /** Whether the bridge takes nothing new any more. */
  readonly stopping: () => boolean;
}

/** A warm worker's connection stays open while it waits for a job. */
const keepAliveMs = 300_000;

/** The HTTP server by which Claude Code reaches the model; it may listen at several addresses, one server for each. */
export function createModelServer(door: ModelDoor): Server {
  const purses = new Purses();
  return createServer({ keepAliveTimeout: keepAliveMs, noDelay: true }, (request, response) => {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    response.once('close', () => {
      if (door.stopping()) request.socket.end();
    });
    serve({ ...door, purses }, { request, response }).catch((err: unknown) => {
      door.log.error({ err }, 'a request failed');
      refuse(door, response, 'broken');
    });
  });
}

/** The door, and what it keeps of the requests that are under way. */
interface OpenDoor extends ModelDoor {
  readonly purses: Purses;
}

async function serve(door: OpenDoor, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const cameAt = door.clock.now();
  const route = routeOf(request.method ?? '', request.url ?? '');
  if (route === 'probe') {
    answer(response, 200, '');
    return;
  }
  const admission = door.stopping() ? 'stopping' : await admit(door, route, request);
  if (admission === 'constant') answerIdle(door, response);
  else if (typeof admission === 'string') refuse(door, response, admission);
  else {
    const { grant, end } = admission;
    const leave = door.underWay ? door.underWay.take(declaredBytes(request)) : end;
    try {
      if (!leave) refuse(door, response, 'share');
      else if (!response.destroyed) await pass(door, exchange, { grant, cameAt, counted: route === 'messages' });
    } finally {
      leave?.();
      end();
    }
  }
}

/** A body of unknown length counts as one of the longest. */
function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? maxBodyBytes);
}

function answerIdle({ metrics }: ModelDoor, response: ServerResponse): void {
  metrics.idleAnswers.inc();
  answer(response, 200, constantCount);
}

/** What `count_tokens` says while no job runs: priming wants a number, any number. */
const constantCount = '{"input_tokens":10}';

/** The grant to pass a request on with, and what is to be called when that is done. */
interface Admission {
  readonly grant: BridgeGrant;
  readonly end: () => void;
}

/** How to pass a request on, the reason to refuse it, or `constant` for what the bridge answers by itself. */
async function admit(
  door: OpenDoor,
  route: Route | undefined,
  request: IncomingMessage,
): Promise<Admission | RefusalReason | 'constant'> {
  if (!route) return 'path';
  try {
    const token = tokenOf(request.headers);
    const grant = await findGrant(door.grants, token);
    if (!grant) return route === 'count_tokens' ? 'constant' : 'ended';
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return 'too_large';
    if (grant.maxBudgetUsd === undefined || route === 'count_tokens') return { grant, end: () => undefined };
    const room = await door.purses.admit(chargeOf(door, grant, request));
    if (room === 'spent') {
      await door.counts.refused(grant.job);
      return 'budget';
    }
    // Its job may have ended while it waited.
    if (!room.waited || (await findGrant(door.grants, token))) return { grant, end: room.end };
    room.end();
    return 'ended';
  } catch (error) {
    if (error instanceof RemudaError && error.code === 'redis.unavailable') return 'grants_unavailable';
    throw error;
  }
}

function chargeOf({ counts }: ModelDoor, grant: BridgeGrant, request: IncomingMessage): Charge {
  const { job, maxBudgetUsd = 0, models = ['opus'] } = grant;
  const most = mostMicroUsd(models, declaredBytes(request));
  return { job, budget: maxBudgetUsd * 1_000_000, most, spent: () => counts.spentMicroUsd(job) };
}

interface Passing {
  readonly grant: BridgeGrant;
  readonly cameAt: number;
  /** Whether the request counts as one of the job's: counting tokens is free. */
  readonly counted: boolean;
}

async function pass(door: ModelDoor, exchange: Exchange, { grant, cameAt, counted }: Passing): Promise<void> {
  let tally: Tally | undefined;
  const begin = (): void => {
    tally = beginTally(grant, cameAt, door);
  };
  const gate = counted && grant.models ? new ModelGate(grant.models, begin) : undefined;
  if (counted && !gate) begin();
  const outcome = await forward(exchange, door.upstream, { gate, onAnswer: (coming) => tally?.readAlong(coming) });
  if (outcome === 'model') {
    refuse(door, exchange.response, 'model');
    return door.counts.refused(grant.job);
  }
  door.metrics.requests.inc({ outcome });
  if (outcome === 'cut' || outcome === 'unreachable')
    door.log.warn({ job: grant.job, outcome }, 'the model did not answer to the end');
  if (outcome === 'unreachable' || outcome === 'too_large') refuse(door, exchange.response, outcome);
  await tally?.done();
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
