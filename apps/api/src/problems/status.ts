import { failureRule, isFailureCode } from '@remuda/domain';
import type { ErrorCode, FailureClass, FailureCode, RefusalCode } from '@remuda/domain';
import { enrolmentStatuses } from '@remuda/protocol';
import { sourceStatuses } from '@remuda/runtime';

/** The HTTP status of every refusal. 500 is never reported: it becomes `internal`. */
const refusals = {
  'request.malformed': 400,
  'request.invalid': 400,
  'request.too_large': 413,
  'request.not_acceptable': 406,
  'request.unsupported_type': 415,
  'request.forbidden': sourceStatuses['request.forbidden'],
  'request.misdirected': sourceStatuses['request.misdirected'],
  'request.upgrade_required': 426,
  'token.missing': 401,
  'token.invalid': 401,
  'token.scope_missing': 403,
  'token.unverifiable': 503,
  'route.unknown': 404,
  'route.method_not_allowed': 405,
  'job.unknown': 404,
  'job.not_over': 409,
  'job.cannot_cancel': 409,
  'job.not_redrivable': 409,
  'session.unknown': 404,
  'session.stopped': 409,
  'session.busy': 409,
  'session.not_running': 409,
  'session.cannot_steer': 409,
  'session.no_files': 409,
  'session.cannot_fork': 409,
  'session.budget_spent': 409,
  'session.has_conversation': 409,
  'transcript.invalid': 422,
  'file.unknown': 404,
  'webhook.no_message': 404,
  'artifact.unknown': 404,
  'upload.unknown': 404,
  'upload.invalid': 422,
  'upload.digest_mismatch': 422,
  'upload.out_of_place': 409,
  'blobs.full': 507,
  'blobs.off': 503,
  'profile.unknown': 400,
  'pool.unknown': 404,
  'worker.unknown': 404,
  'worker.no_screen': 409,
  'worker.screen_unavailable': 503,
  'schema.invalid': 400,
  'cursor.invalid': 400,
  'event_id.invalid': 400,
  'idempotency.conflict': 409,
  'tenant.limit_reached': 429,
  ...enrolmentStatuses,
  'config.invalid': 500,
  'credential.missing': 500,
  'redis.unavailable': 503,
  'redis.full': 503,
  'store.unavailable': 503,
  'store.newer': 503,
  'blobs.unavailable': 503,
  'blobs.broken': 500,
  'service.starting': 503,
  'bridge.unavailable': 503,
  'runtime.unavailable': 503,
  'format.unsupported': 500,
  'channel.unavailable': 500,
  'channel.timed_out': 500,
  'channel.invalid': 500,
  'host_bridge.malformed': 500,
  'host_bridge.unidentified': 500,
  'host_bridge.refused': 500,
  'host_bridge.busy': 500,
  'host_bridge.start_failed': 500,
  'host_bridge.stalled': 500,
  'host_bridge.stopping': 500,
} as const satisfies Record<RefusalCode, number>;

/** The HTTP status of a failure, for clients that pass it on. */
const failures = {
  user: 422,
  cancelled: 409,
  timed_out: 504,
  hung: 504,
  infrastructure: 502,
  model: 502,
  limit: 429,
} as const satisfies Record<FailureClass, number>;

/** Failures whose status is more specific than that of their class. */
const special: Partial<Record<FailureCode, number>> = {
  internal: 500,
  'model.rate_limited': 429,
  'model.overloaded': 503,
};

/** The HTTP status of an error. */
export function statusOf(code: ErrorCode): number {
  if (!isFailureCode(code)) return refusals[code];
  return special[code] ?? failures[failureRule(code).class];
}
