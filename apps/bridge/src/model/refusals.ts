import { bridgeRefusal } from '@remuda/protocol';

/** An error in the format of the Messages API, which Claude Code understands. */
export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Answers of the bridge instead of the model's. The status decides what Claude Code does: it retries after 5xx and,
 * unless told not to, after 401; after 400 later versions (2.1.332) retry as well, up to six times, without parts that
 * the model may have rejected. It never retries after 402, 403 and 413, and of these only 402 passes the message on to
 * the reader of the result.
 */
export const refusals = {
  ended: {
    status: 401,
    type: 'authentication_error',
    message: `${bridgeRefusal.ended}: this token belongs to no running job.`,
    headers: { 'x-should-retry': 'false' },
  },
  budget: {
    status: 402,
    type: 'invalid_request_error',
    message: `${bridgeRefusal.budget}: the job has spent its maxBudgetUsd.`,
  },
  model: {
    status: 402,
    type: 'invalid_request_error',
    message: `${bridgeRefusal.model}: neither the job nor the \`models\` of its profile names the requested model.`,
  },
  content: {
    status: 402,
    type: 'invalid_request_error',
    message: `${bridgeRefusal.content}: the request contains something that the bridge does not pass on to the model.`,
  },
  path: { status: 403, type: 'permission_error', message: 'The bridge does not pass this path on to the model.' },
  too_large: {
    status: 413,
    type: 'request_too_large',
    message: 'The request is larger than 32 MB.',
    // The rest of the body is not read.
    headers: { connection: 'close' },
  },
  share: {
    status: 503,
    type: 'overloaded_error',
    message: 'Too many bytes of requests are in flight.',
    headers: { 'retry-after': '1' },
  },
  grants_unavailable: {
    status: 503,
    type: 'overloaded_error',
    message: 'The bridge cannot look up tokens at the moment.',
    headers: { 'retry-after': '1' },
  },
  stopping: {
    status: 503,
    type: 'overloaded_error',
    message: 'The bridge is shutting down.',
    headers: { 'retry-after': '1', connection: 'close' },
  },
  unreachable: { status: 502, type: 'api_error', message: 'The bridge cannot reach the model.' },
  broken: { status: 500, type: 'api_error', message: 'The bridge failed.' },
} as const satisfies Record<string, Refusal>;

/** Why a request did not get the model's answer. */
export type RefusalReason = keyof typeof refusals;

/** The body of a refusal; `what` names the offending part. */
export function refusalBody(refusal: Refusal, what?: string): string {
  const message = what === undefined ? refusal.message : `${refusal.message} It is ${what}.`;
  return JSON.stringify({ type: 'error', error: { type: refusal.type, message } });
}
