import { RemudaError, type ErrorCode } from '@remuda/domain';
import { said } from '../start-failed.js';

export const httpStatus = {
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  gone: 410,
  invalid: 422,
  tooMany: 429,
} as const;

/** A request to the API server. */
export interface Asked {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
  /** As in a Role: `pods`, `pods/log`, `secrets`. */
  readonly resource: string;
  /** Undefined: the whole cluster's. */
  readonly namespace: string | undefined;
  /** Name of the one requested object. */
  readonly name?: string;
}

/** The HTTP status of a refusal; undefined for any other error. */
export function statusOf(error: unknown): number | undefined {
  const { code, statusCode } = (error ?? {}) as { readonly code?: unknown; readonly statusCode?: unknown };
  return [code, statusCode].find((status) => typeof status === 'number');
}

/** Delay after which a refused call may be retried, in ms; undefined if the server does not say. */
export function retryAfterMs(error: unknown): number | undefined {
  const { headers } = (error ?? {}) as { readonly headers?: Readonly<Record<string, string>> };
  const seconds = Number(headers?.['retry-after'] ?? NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

/** The refusal as an error of ours: the request, the answer, and the cure. */
export function apiFault(error: unknown, asked: Asked, code: ErrorCode): RemudaError {
  const after = retryAfterMs(error);
  const extra = { cause: error, ...(after === undefined ? {} : { retryAfterMs: after }) };
  return new RemudaError(code, sentence(error, asked), extra);
}

function sentence(error: unknown, asked: Asked): string {
  const { verb, resource, namespace, name } = asked;
  const what = name === undefined ? resource : `${resource} ${name}`;
  const where = namespace === undefined ? '' : ` in the namespace ${namespace}`;
  const refused = `Kubernetes refused to ${verb} ${what}${where}`;
  const why = messageOf(error);
  switch (statusOf(error)) {
    case httpStatus.forbidden:
      return isMissingRight(why) ? missingRight(asked) : `${refused}: ${why}`;
    case httpStatus.notFound:
      return name === undefined
        ? `There is no namespace ${namespace ?? ''} in the cluster.`
        : `There is no ${what}${where}.`;
    case httpStatus.tooMany:
      return `${refused}: too many requests at the moment.`;
    case undefined:
      return `The API server of Kubernetes does not answer (${verb} ${what}): ${said(error)}`;
    default:
      return `${refused} (${String(statusOf(error))}): ${why}`;
  }
}

/** Names the missing permission, and where to grant it. */
export function missingRight({ verb, resource, namespace }: Asked): string {
  if (namespace === undefined)
    return `The scheduler may not ${verb} ${resource}: its ClusterRole lacks the verb "${verb}" for "${resource}".`;
  return `The scheduler may not ${verb} ${resource} in the namespace ${namespace}: its Role lacks the verb "${verb}" for "${resource}".`;
}

/** A 403 comes from access control, a quota or an admission rule alike; only access control words it like this. */
const isMissingRight = (message: string): boolean => / cannot \w+ resource /.test(message);

/** The message in the API server's status. */
function messageOf(error: unknown): string {
  const { body } = (error ?? {}) as { readonly body?: unknown };
  const status = typeof body === 'string' ? parsed(body) : body;
  const message = (status as { readonly message?: unknown } | undefined)?.message;
  return typeof message === 'string' && message !== '' ? message : said(error);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
