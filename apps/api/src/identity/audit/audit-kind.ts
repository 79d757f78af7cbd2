import type { AuditKind, ErrorCode } from '@remuda/domain';

/** Codes with which a request is refused to someone: for who they are, or from where they ask. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'request.forbidden',
  'request.misdirected',
  'token.missing',
  'token.invalid',
  'token.scope_missing',
  'token.unverifiable',
]);

/** Whether a request belongs in the audit log. What was to steer something does, whatever came of it. */
export function auditKind(code: ErrorCode | undefined, steers: boolean): AuditKind | undefined {
  if (code !== undefined && refusals.has(code)) return 'refused';
  return steers ? 'steered' : undefined;
}
