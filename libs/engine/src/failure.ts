import { RemudaError, type Failure } from '@remuda/domain';

/** An error as a job's failure. One that is not ours is a fault of ours: `internal`. */
export function failureOf(error: unknown, lastLines: readonly string[] = []): Failure {
  const known = error instanceof RemudaError ? (error.extra.lastLines ?? lastLines) : lastLines;
  const lines = known.length > 0 ? { lastLines: known } : {};
  if (error instanceof RemudaError) return { code: error.code, message: error.message, ...lines };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), ...lines };
}
