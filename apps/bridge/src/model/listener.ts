import { createServer, type IncomingMessage, type Server } from 'node:http';
import { RemudaError } from '@remuda/domain';
import {
  forward,
  maxBodyBytes,
  routeOf,
  tokenOf,
  type Exchange,
  type Passage,
  type Route,
  type Upstream,
} from '@remuda/model';
import { callbackPath, type BridgeGrant } from '@remuda/protocol';
import type { Callbacks } from '../callbacks/callbacks.js';
import type { Grants } from '../grants.port.js';
import { findGrant } from '../token.js';
import { answer, answerIdle, refuse } from './answers/answers.js';
import type { Extras } from './content/allowance.js';
import { boundedTo, leastMicroUsd } from './budget/bounds.js';
import { estimate, mostMicroUsd, type Estimate } from './budget/estimate.js';
import type { BudgetReservations } from './budget/budget-reservations.js';
import { bytesOf, readQuestion, type Question, type Refused } from './question/question.js';
import { meterUsage, type Ledger } from './answers/usage-meter.js';
import type { BytesUnderWay } from '../workers/share.js';

/** Dependencies of the model listener. */
export interface ModelListener extends Ledger {
  readonly grants: Grants;
  readonly upstream: Upstream;
  readonly extras: Extras;
  /** Limit on the bytes of requests in flight; absent: no limit. */
  readonly underWay?: BytesUnderWay;
  /** Shared by all servers of a bridge, as are the reservations. */
  readonly callbacks: Callbacks;
  readonly reservations: BudgetReservations;
  /** Whether the bridge accepts nothing new any more. */
  readonly stopping: () => boolean;
}

/** How long the connection of a waiting warm worker stays open. */
const keepAliveMs = 300_000;

/** The HTTP server through which Claude Code reaches the model; one server for each address. */
export function createModelServer(listener: ModelListener): Server {
  return createServer({ keepAliveTimeout: keepAliveMs, noDelay: true }, (request, response) => {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    response.once('close', () => {
      if (listener.stopping()) request.socket.end();
    });
    serve(listener, { request, response }).catch((err: unknown) => {
      const code = err instanceof RemudaError ? err.code : undefined;
      if (code !== 'redis.unavailable') listener.log.error({ err }, 'a request failed');
      const noGrant = code === 'redis.unavailable' || code === 'format.unsupported';
      refuse(listener, response, { reason: noGrant ? 'grants_unavailable' : 'broken' });
    });
  });
}

/** A request of a running job. */
interface Asking {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly token: string | undefined;
  readonly grant: BridgeGrant;
  /** When it arrived, epoch ms; and the same by the monotonic clock. */
  readonly cameAt: number;
  readonly cameTick: number;
}

async function serve(listener: ModelListener, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const came = { cameAt: listener.clock.now(), cameTick: listener.clock.monotonic() };
  const route = routeOf(request.method ?? '', request.url ?? '');
  if (route === 'probe') answer(response, 200, '');
  else if (listener.stopping()) refuse(listener, response, { reason: 'stopping' });
  else if (request.url === callbackPath) await listener.callbacks.take(listener.grants, request, response);
  else if (!route) refuse(listener, response, { reason: 'path' });
  else await serveRoute(listener, { exchange, route, ...came });
}

async function serveRoute(
  listener: ModelListener,
  asked: Pick<Asking, 'exchange' | 'route' | 'cameAt' | 'cameTick'>,
): Promise<void> {
  const { request, response } = asked.exchange;
  const token = tokenOf(request.headers);
  const grant = await findGrant(listener.grants, token);
  if (grant) await serveWithin(listener, { ...asked, token, grant });
  else if (asked.route === 'count_tokens') answerIdle(listener, response);
  else refuse(listener, response, { reason: 'ended' });
}

/**
 * Serves a job's request when there is room for its body. A body of unknown length counts as one of the maximum size.
 */
async function serveWithin(listener: ModelListener, asking: Asking): Promise<void> {
  const { request, response } = asking.exchange;
  const bytes = Math.min(maxBodyBytes, Number(request.headers['content-length'] ?? maxBodyBytes));
  const leave = listener.underWay ? listener.underWay.take(bytes) : () => undefined;
  if (!leave) {
    refuse(listener, response, { reason: 'share' });
    return;
  }
  try {
    await serveJob(listener, asking);
  } finally {
    leave();
  }
}

async function serveJob(listener: ModelListener, asking: Asking): Promise<void> {
  const { exchange, route, grant } = asking;
  const question = await readQuestion(exchange.request, route, grant, listener.extras);
  if (question === 'left') return;
  if ('reason' in question) return refuseJob(listener, asking, question);
  if (route === 'count_tokens') {
    await pass(listener, exchange, question, { onAnswer: () => undefined });
    return;
  }
  const priced = { question, estimate: estimate(question.body, bytesOf(question.body)) };
  if (grant.maxBudgetUsd === undefined) await passCounted(listener, asking, priced);
  else await passWithin(listener, asking, priced, grant.maxBudgetUsd);
}

/** A request and its maximum cost. */
interface Priced {
  readonly question: Question;
  readonly estimate: Estimate;
}

/** Passes a request on when the job's budget has room for it, with its answer limited to that room. */
async function passWithin(
  listener: ModelListener,
  asking: Asking,
  priced: Priced,
  maxBudgetUsd: number,
): Promise<void> {
  const { question, estimate: may } = priced;
  const room = await listener.reservations.admit({
    job: asking.grant.job,
    budgetMicroUsd: maxBudgetUsd * 1_000_000,
    mostMicroUsd: mostMicroUsd(may),
    leastMicroUsd: leastMicroUsd(question.body, may),
  });
  if (room === 'spent') return refuseJob(listener, asking, { reason: 'budget' });
  try {
    const body = boundedTo(question.body, may, room.microUsd);
    const bounded = {
      question: { ...question, body },
      estimate: { ...may, maxTokens: Number(body['max_tokens'] ?? may.maxTokens) },
    };
    // Its job may have ended while it waited.
    if (!room.waited || (await findGrant(listener.grants, asking.token))) await passCounted(listener, asking, bounded);
    else refuse(listener, asking.exchange.response, { reason: 'ended' });
  } finally {
    await room.end();
  }
}

async function passCounted(
  listener: ModelListener,
  { exchange, grant, cameAt, cameTick }: Asking,
  priced: Priced,
): Promise<void> {
  if (exchange.response.destroyed) return;
  const { question, estimate: may } = priced;
  const { model } = question.body;
  const most = { inputMicroUsd: may.inputMicroUsd, mostMicroUsd: mostMicroUsd(may) };
  const usage = meterUsage({ grant, cameAt, cameTick, model, ...most }, listener);
  await usage.done(await pass(listener, exchange, question, { job: grant.job, onAnswer: usage.readAlong }));
}

async function pass(
  listener: ModelListener,
  exchange: Exchange,
  { headers, body }: Question,
  { job, onAnswer }: { readonly job?: string; readonly onAnswer: (answer: IncomingMessage) => void },
): Promise<Passage> {
  const outcome = await forward(exchange, listener.upstream, { headers, body: bytesOf(body), onAnswer });
  listener.metrics.requests.inc({ outcome });
  if (outcome === 'cut' || outcome === 'unreachable')
    listener.log.warn({ job, outcome }, 'the model did not answer to the end');
  if (outcome === 'unreachable') refuse(listener, exchange.response, { reason: outcome });
  return outcome;
}

/** Refuses a request because of its content, and counts the refusal. */
async function refuseJob(listener: ModelListener, { exchange, route, grant }: Asking, refused: Refused): Promise<void> {
  refuse(listener, exchange.response, refused);
  if (route === 'messages' && refused.reason !== 'too_large') await listener.counts.refused(grant.job);
}
