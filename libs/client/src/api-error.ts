import type { Problem } from './shapes.js';

/** Where a refused request is wrong. */
type Fault = NonNullable<Problem['faults']>[number];

/** The api refused a request. Codes are those of docs/errors.md. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** HTTP status. */
    readonly status: number,
    /** Stable code; undefined where the answer was no problem document (a proxy's page, for instance). */
    readonly code: string | undefined,
    detail: string,
    readonly faults: readonly Fault[] = [],
    /** After how many ms the api may be asked again, where it says so. */
    readonly retryAfterMs?: number,
  ) {
    super(detail);
  }

  /** Whether the same request may succeed at another time. */
  get transient(): boolean {
    return this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** The api could not be reached: no connection, or it broke. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(url: string, cause: unknown) {
    super(`No answer from ${url}: ${reasonOf(cause)}.`, { cause });
  }
}

/** Makes the error of a refusal from its answer, whose body is read as far as it can be. */
export function apiError(response: Response, body: unknown): ApiError {
  const problem = isProblem(body) ? body : undefined;
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return new ApiError(
    response.status,
    problem?.code,
    problem?.detail ?? `The answer was ${response.status} ${response.statusText}`.trim(),
    problem?.faults,
    Number.isFinite(seconds) ? seconds * 1_000 : undefined,
  );
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;

/** `fetch` says "fetch failed"; why stands in its cause, or in the causes of that. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}
