/**
 * Every refusal and failure of Remuda has a stable code. `docs/errors.md` has the meaning, cause and cure of each; a
 * test compares the two.
 */

/** Codes with which a request is refused, or the service reports a problem of its own. No job ends with one of them. */
export const refusalCodes = [
  // refused requests
  'request.malformed',
  'request.invalid',
  'request.too_large',
  'request.not_acceptable',
  'request.unsupported_type',
  'request.forbidden',
  'request.misdirected',
  'request.upgrade_required',
  'token.missing',
  'token.invalid',
  'token.scope_missing',
  'token.unverifiable',
  'route.unknown',
  'route.method_not_allowed',
  'job.unknown',
  'job.not_over',
  'job.cannot_cancel',
  'job.not_redrivable',
  'session.unknown',
  'session.stopped',
  'session.busy',
  'session.not_running',
  'session.cannot_steer',
  'session.no_files',
  'session.cannot_fork',
  'session.budget_spent',
  'session.has_conversation',
  'transcript.invalid',
  'file.unknown',
  'webhook.no_message',
  'artifact.unknown',
  'upload.unknown',
  'upload.invalid',
  'upload.digest_mismatch',
  'upload.out_of_place',
  'blobs.full',
  'blobs.off',
  'profile.unknown',
  'pool.unknown',
  'worker.unknown',
  'worker.no_screen',
  'worker.screen_unavailable',
  'schema.invalid',
  'cursor.invalid',
  'event_id.invalid',
  'idempotency.conflict',
  'tenant.limit_reached',
  // pods that enrol as workers
  'enrolment.token_invalid',
  'enrolment.refused',
  'enrolment.spent',
  'enrolment.pool_full',
  'enrolment.elsewhere',
  'enrolment.too_many',
  // the service itself
  'config.invalid',
  'credential.missing',
  'redis.unavailable',
  'redis.full',
  'store.unavailable',
  'store.newer',
  'blobs.unavailable',
  'blobs.broken',
  'service.starting',
  'bridge.unavailable',
  'runtime.unavailable',
  'format.unsupported',
  // channels between a worker and its host
  'channel.unavailable',
  'channel.timed_out',
  'channel.invalid',
  // the bridge to the Claude Code of a host
  'host_bridge.malformed',
  'host_bridge.unidentified',
  'host_bridge.refused',
  'host_bridge.busy',
  'host_bridge.start_failed',
  'host_bridge.stalled',
  'host_bridge.stopping',
] as const;

/** Codes with which an attempt or a job can end without success. The table in `failure-class.ts` says what follows. */
export const failureCodes = [
  'internal',
  'job.cancelled',
  'job.expired',
  'job.timed_out',
  'job.impossible',
  'job.looping',
  'job.secrets_gone',
  'job.secret_unknown',
  'job.secrets_unavailable',
  'worker.lost',
  'worker.drained',
  'worker.incompatible',
  'container.start_failed',
  'engine.start_failed',
  'engine.not_running',
  'engine.crashed',
  'engine.unresponsive',
  'engine.hung',
  'engine.out_of_memory',
  'engine.session_broken',
  'session.lost',
  'workspace.failed',
  'workspace.unavailable',
  'turns.exhausted',
  'budget.exhausted',
  'result.schema_mismatch',
  'result.schema_refused',
  'model.authentication',
  'model.billing',
  'model.rate_limited',
  'model.limit_reached',
  'model.overloaded',
  'model.unreachable',
  'model.refused',
  'model.invalid_request',
] as const;

/** All codes, in the order in which `docs/errors.md` explains them. */
export const errorCodes = [...refusalCodes, ...failureCodes] as const;

/** A stable, documented code: `area.what`. */
export type ErrorCode = (typeof errorCodes)[number];

/** A code that no job ends with. */
export type RefusalCode = (typeof refusalCodes)[number];

/** A code with which an attempt or a job can end. */
export type FailureCode = (typeof failureCodes)[number];

/** Whether an attempt or a job can end with this code. */
export function isFailureCode(code: string): code is FailureCode {
  return (failureCodes as readonly string[]).includes(code);
}

/** One fault of an input, at a JSON-pointer-like path (`workspace.url`, `jobs[3].prompt`). */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** The only error class of this project: a code, a sentence for a person, and the faults of an input if any. */
export class RemudaError extends Error {
  override readonly name = 'RemudaError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly extra: {
      readonly faults?: readonly Fault[];
      readonly cause?: unknown;
      readonly retryAfterMs?: number;
      /** The last lines that a process printed before it failed. */
      readonly lastLines?: readonly string[];
    } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
  }
}
