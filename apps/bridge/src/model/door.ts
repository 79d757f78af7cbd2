import { createServer, type IncomingMessage, type Server } from 'node:http';
import { RemudaError } from '@remuda/domain';
import type { BridgeGrant } from '@remuda/protocol';
import type { Grants } from '../grants.port.js';
import { findGrant } from '../token.js';
import { answer, answerIdle, refuse } from './answers.js';
import type { Extras } from './content/allowance.js';
import { boundedTo, leastMicroUsd } from './bounds.js';
import { estimate, mostMicroUsd, type Estimate } from './estimate.js';
import { forward, type Exchange, type Passage } from './forward.js';
import { tokenOf } from './headers.js';
import type { BudgetReservations } from './budget-reservations.js';
import { bytesOf, readQuestion, type Question, type Refused } from './question.js';
import { routeOf, type Route } from './route.js';
import { beginTally, type Ledger } from './tally.js';
import type { Upstream } from './upstream.js';
import { maxBodyBytes } from './content/body.js';
import type { BytesUnderWay } from '../workers/share.js';

/** What the door to the model needs. */
export interface ModelDoor extends Ledger {
  readonly grants: Grants;
  readonly upstream: Upstream;
  readonly extras: Extras;
  /** Bytes of requests that are under way at a time; without it there may be any number. */
  readonly underWay?: BytesUnderWay;
  /** The same for all servers of a bridge. */
  readonly reservations: BudgetReservations;
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
      const code = err instanceof RemudaError ? err.code : undefined;
      if (code !== 'redis.unavailable') door.log.error({ err }, 'a request failed');
      const noGrant = code === 'redis.unavailable' || code === 'format.unsupported';
      refuse(door, response, { reason: noGrant ? 'grants_unavailable' : 'broken' });
    });
  });
}

/** A request of a running job. */
interface Asking {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly token: string | undefined;
  readonly grant: BridgeGrant;
  /** When it came, epoch ms; and the same by the monotonic clock. */
  readonly cameAt: number;
  readonly cameTick: number;
}

async function serve(door: ModelDoor, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const came = { cameAt: door.clock.now(), cameTick: door.clock.monotonic() };
  const route = routeOf(request.method ?? '', request.url ?? '');
  if (route === 'probe') answer(response, 200, '');
  else if (door.stopping()) refuse(door, response, { reason: 'stopping' });
  else if (!route) refuse(door, response, { reason: 'path' });
  else await serveRoute(door, { exchange, route, ...came });
}

async function serveRoute(
  door: ModelDoor,
  asked: Pick<Asking, 'exchange' | 'route' | 'cameAt' | 'cameTick'>,
): Promise<void> {
  const { request, response } = asked.exchange;
  const token = tokenOf(request.headers);
  const grant = await findGrant(door.grants, token);
  if (grant) await serveWithin(door, { ...asked, token, grant });
  else if (asked.route === 'count_tokens') answerIdle(door, response);
  else refuse(door, response, { reason: 'ended' });
}

/** Serves a job's request when there is room for its body. One of unknown length counts as one of the longest. */
async function serveWithin(door: ModelDoor, asking: Asking): Promise<void> {
  const { request, response } = asking.exchange;
  const bytes = Math.min(maxBodyBytes, Number(request.headers['content-length'] ?? maxBodyBytes));
  const leave = door.underWay ? door.underWay.take(bytes) : () => undefined;
  if (!leave) {
    refuse(door, response, { reason: 'share' });
    return;
  }
  try {
    await serveJob(door, asking);
  } finally {
    leave();
  }
}

async function serveJob(door: ModelDoor, asking: Asking): Promise<void> {
  const { exchange, route, grant } = asking;
  const question = await readQuestion(exchange.request, route, grant, door.extras);
  if (question === 'left') return;
  if ('reason' in question) return refuseJob(door, asking, question);
  if (route === 'count_tokens') {
    await pass(door, exchange, question, { onAnswer: () => undefined });
    return;
  }
  const priced = { question, estimate: estimate(question.body, bytesOf(question.body)) };
  if (grant.maxBudgetUsd === undefined) await passCounted(door, asking, priced);
  else await passWithin(door, asking, priced, grant.maxBudgetUsd);
}

/** A request, and what it may cost. */
interface Priced {
  readonly question: Question;
  readonly estimate: Estimate;
}

/** Passes a request on when there is room for it in the job's budget, with an answer no longer than there is room for. */
async function passWithin(door: ModelDoor, asking: Asking, priced: Priced, maxBudgetUsd: number): Promise<void> {
  const { question, estimate: may } = priced;
  const room = await door.reservations.admit({
    job: asking.grant.job,
    budgetMicroUsd: maxBudgetUsd * 1_000_000,
    mostMicroUsd: mostMicroUsd(may),
    leastMicroUsd: leastMicroUsd(question.body, may),
  });
  if (room === 'spent') return refuseJob(door, asking, { reason: 'budget' });
  try {
    const body = boundedTo(question.body, may, room.microUsd);
    const bounded = {
      question: { ...question, body },
      estimate: { ...may, maxTokens: Number(body['max_tokens'] ?? may.maxTokens) },
    };
    // Its job may have ended while it waited.
    if (!room.waited || (await findGrant(door.grants, asking.token))) await passCounted(door, asking, bounded);
    else refuse(door, asking.exchange.response, { reason: 'ended' });
  } finally {
    await room.end();
  }
}

async function passCounted(
  door: ModelDoor,
  { exchange, grant, cameAt, cameTick }: Asking,
  priced: Priced,
): Promise<void> {
  if (exchange.response.destroyed) return;
  const { question, estimate: may } = priced;
  const { model } = question.body;
  const most = { inputMicroUsd: may.inputMicroUsd, mostMicroUsd: mostMicroUsd(may) };
  const tally = beginTally({ grant, cameAt, cameTick, model, ...most }, door);
  await tally.done(await pass(door, exchange, question, { job: grant.job, onAnswer: tally.readAlong }));
}

async function pass(
  door: ModelDoor,
  exchange: Exchange,
  { headers, body }: Question,
  { job, onAnswer }: { readonly job?: string; readonly onAnswer: (answer: IncomingMessage) => void },
): Promise<Passage> {
  const outcome = await forward(exchange, door.upstream, { headers, body: bytesOf(body), onAnswer });
  door.metrics.requests.inc({ outcome });
  if (outcome === 'cut' || outcome === 'unreachable')
    door.log.warn({ job, outcome }, 'the model did not answer to the end');
  if (outcome === 'unreachable') refuse(door, exchange.response, { reason: outcome });
  return outcome;
}

/** Refuses a request for what it is, and counts that. */
async function refuseJob(door: ModelDoor, { exchange, route, grant }: Asking, refused: Refused): Promise<void> {
  refuse(door, exchange.response, refused);
  if (route === 'messages' && refused.reason !== 'too_large') await door.counts.refused(grant.job);
}
