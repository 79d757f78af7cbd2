import { RemudaError } from '@remuda/domain';
import type { ErrorCode } from '@remuda/domain';
import type { ProblemView } from '@remuda/protocol';
import { statusOf } from './status.js';

/** A problem, and its Retry-After in seconds. */
export interface ProblemAnswer {
  readonly problem: ProblemView;
  readonly retryAfterS?: number;
}

/** Maximum number of reported faults; an input with more of them has one cause. */
const maxFaults = 100;
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The problem of an error, for a client. Errors that are not ours reveal no details. */
export function toProblem(error: unknown, instance?: string): ProblemAnswer {
  const known = error instanceof RemudaError && statusOf(error.code) !== 500 ? error : undefined;
  const code = known?.code ?? 'internal';
  const status = statusOf(code);
  const faults = known?.extra.faults?.slice(0, maxFaults);
  const problem: ProblemView = {
    type: `urn:remuda:error:${code}`,
    title: titles[status] ?? 'Error',
    status,
    code,
    detail: known?.message ?? 'The service failed; its log says why.',
    ...(instance === undefined ? {} : { instance }),
    ...(faults && faults.length > 0 ? { faults } : {}),
  };
  const retryAfterMs = known?.extra.retryAfterMs ?? (status === 503 ? 1_000 : undefined);
  return retryAfterMs === undefined
    ? { problem }
    : { problem, retryAfterS: Math.max(1, Math.ceil(retryAfterMs / 1_000)) };
}

/** The code for an HTTP status with which the HTTP layer itself refuses a request, before our code runs. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 404) return 'route.unknown';
  if (status === 405) return 'route.method_not_allowed';
  if (status === 406) return 'request.not_acceptable';
  if (status === 413) return 'request.too_large';
  if (status === 415) return 'request.unsupported_type';
  return status >= 400 && status < 500 ? 'request.malformed' : 'internal';
}
