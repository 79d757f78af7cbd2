/** Requests that the audit log keeps: those that were refused to someone, and those that steered something. */
export type AuditKind = 'refused' | 'steered';

/** One request in the audit log. */
export interface AuditEntry {
  readonly kind: AuditKind;
  /** Epoch ms. */
  readonly at: number;
  /** Id of the request, which its answer has as `X-Request-Id`. */
  readonly request: string;
  readonly method: string;
  /** Without its query, which may have a ticket. */
  readonly path: string;
  readonly status: number;
  /** Why it was refused. */
  readonly code?: string;
  /** Address from which the connection came. */
  readonly from?: string;
  /** Who: absent if it was not found out. */
  readonly subject?: string;
  readonly tenant?: string;
  /** Id of the API key. */
  readonly key?: string;
}

/** Who was refused what, and who steered what. Entries are only ever added. */
export interface AuditLog {
  /** Never rejects: what cannot be kept is logged. */
  append(entry: AuditEntry): Promise<void>;
  /** The latest entries of a kind, the newest first. At least the last 10,000 are kept, of each kind for itself. */
  latest(kind: AuditKind, limit: number): Promise<readonly AuditEntry[]>;
}
