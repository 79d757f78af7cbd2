import type { IncomingMessage } from 'node:http';
import { outgoingHeaders, readBody, type Route } from '@remuda/model';
import type { BridgeGrant } from '@remuda/protocol';
import type { Extras, Fault } from '../content/allowance.js';
import { parseBody } from '../content/body.js';
import { requestFault, type MessagesRequest } from '../content/request-check.js';
import type { RefusalReason } from '../refusals.js';

/** A request that contains only what its job may ask of the model. */
export interface Question {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: MessagesRequest;
}

/** Why a request is refused; `what` names the offending part. */
export interface Refused {
  readonly reason: RefusalReason;
  readonly what?: string;
}

/** Reads and checks a whole request before anything is passed on; `left` if the client disconnects before its end. */
export async function readQuestion(
  request: IncomingMessage,
  route: Route,
  grant: BridgeGrant,
  extras: Extras,
): Promise<Question | Refused | 'left'> {
  const bytes = await readBody(request);
  if (bytes === 'left') return 'left';
  if (bytes === 'too_large') return { reason: 'too_large' };
  const parsed = parseBody(bytes);
  if ('kind' in parsed) return refusedFor(parsed);
  // Counting tokens costs nothing with any model.
  const models = route === 'count_tokens' ? undefined : grant.models;
  const allowance = { ...extras, models, serverTools: grant.serverTools ?? [] };
  const fault = requestFault(parsed.value, allowance);
  if (fault) return refusedFor(fault);
  return { headers: outgoingHeaders(request.headers, allowance), body: parsed.value as MessagesRequest };
}

const refusedFor = ({ kind, what }: Fault): Refused => ({ reason: kind, what });

/** The body to send: serialized again, so that nothing unparsed is passed on. */
export const bytesOf = (body: MessagesRequest): Buffer => Buffer.from(JSON.stringify(body));
