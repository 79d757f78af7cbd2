import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { RemudaError, type ErrorCode } from '@remuda/domain';
import { enrolmentPath, enrolmentStatuses, readEnrolmentRequest, type EnrolmentRequest } from '@remuda/protocol';

/** A request that was read. */
export interface Asked extends EnrolmentRequest {
  readonly token: string;
}

/** Maximum size of a body, and of a token, in bytes. A token is about 1.2 KB. */
const maxBodyBytes = 4_096;
const maxTokenBytes = 8_192;

/** The HTTP status of a refusal. */
const statuses: Partial<Record<ErrorCode, number>> = {
  ...enrolmentStatuses,
  ...{ 'request.malformed': 400, 'request.invalid': 400, 'request.too_large': 413, 'request.forbidden': 403 },
  ...{ 'route.unknown': 404, 'route.method_not_allowed': 405, 'profile.unknown': 400 },
  ...{ 'redis.unavailable': 503, 'redis.full': 503, 'runtime.unavailable': 503, 'service.starting': 503 },
};

/** The status of an error; undefined for an error that clients are not told about. */
export function statusOf(code: ErrorCode): number | undefined {
  return statuses[code];
}

/**
 * Reads a request to its end. Rejects with a code of `request.…` or `route.…`, or with `enrolment.token_invalid` if
 * there is no token.
 */
export async function readAsked(request: IncomingMessage): Promise<Asked> {
  const { method, url = '', headers } = request;
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
    throw new RemudaError('request.forbidden', 'Workers are not browsers.');
  if (url !== enrolmentPath) throw new RemudaError('route.unknown', `There is ${enrolmentPath} only.`);
  if (method !== 'POST') throw new RemudaError('route.method_not_allowed', 'Expected POST.');
  const token = tokenOf(headers);
  const read = readEnrolmentRequest(await bodyOf(request));
  if (typeof read === 'string') throw new RemudaError('request.invalid', `The body is not valid: ${read}.`);
  return { ...read, token };
}

function tokenOf({ authorization = '' }: IncomingHttpHeaders): string {
  const token = /^Bearer ([\w.~+/-]+=*)$/.exec(authorization)?.[1] ?? '';
  if (token === '' || token.length > maxTokenBytes)
    throw new RemudaError('enrolment.token_invalid', 'Expected Authorization: Bearer, and the token of a pod.');
  return token;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes)
      throw new RemudaError('request.too_large', `Expected ${String(maxBodyBytes)} bytes at most.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
