/** Requests that the audit log keeps: those that were refused to someone, and those that steered something. */
export const auditKinds = ['refused', 'steered'] as const;
export type AuditKind = (typeof auditKinds)[number];

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

/** The place of an entry: by its time, and among equal times by its id. */
export interface AuditPlace {
  /** Epoch ms. */
  readonly at: number;
  /** Of small letters, digits and hyphens. */
  readonly id: string;
}

/** An entry as it is kept; `at` is when it was, by the clock of the log's keeper. */
export type AuditRecord = AuditEntry & AuditPlace;

/** Selects entries, the newest first. */
export interface AuditQuery {
  /** Requests of this tenant. Default: of all. */
  readonly tenant?: string;
  /** With a tenant: also requests of which it was not found out whose they were. Default: false. */
  readonly orUnknown?: boolean;
  /** A subject, or the id of an API key. */
  readonly who?: string;
  readonly kind?: AuditKind;
  /** Epoch ms, both included. */
  readonly since?: number;
  readonly until?: number;
  /** What the path begins with. */
  readonly path?: string;
  /** Id of the request. */
  readonly request?: string;
  /** Only entries below this place, which is the last one of the page before. */
  readonly below?: AuditPlace;
  readonly limit: number;
}

/** What a query found. */
export interface AuditPage {
  readonly entries: readonly AuditRecord[];
  /** Only the latest entries could be asked for: the database is away. */
  readonly incomplete?: boolean;
}

/** Who was refused what, and who steered what. Entries are only ever added. */
export interface AuditLog {
  /** Never rejects: what cannot be kept is logged. */
  append(entry: AuditEntry): Promise<void>;
  /** The entries that fit, the newest first. At least the last 10,000 of each kind are there. */
  list(query: AuditQuery): Promise<AuditPage>;
}
