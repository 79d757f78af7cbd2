/** Something that somebody did, to be looked up later. */
export interface AuditNote {
  /** Epoch ms. */
  readonly at: number;
  /** Who did it. */
  readonly actor: string;
  /** What was done: `job.cancelled`. */
  readonly action: string;
  /** To what: a job's id, a profile. */
  readonly target: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An entry as it is kept. */
export interface AuditRecord extends AuditNote {
  /** Rises with each entry. */
  readonly id: number;
}

/** Selects audit entries, latest first. */
export interface AuditArchiveQuery {
  readonly tenant: string;
  readonly actor?: string;
  readonly target?: string;
  /** Only entries with an id below this one. */
  readonly below?: number;
  readonly limit: number;
}

/** An audit log that outlives Redis. Entries are never changed. Rejects like `JobArchive`. */
export interface AuditArchive {
  /** Adds all entries, or none. */
  add(tenant: string, entries: readonly AuditNote[]): Promise<void>;
  list(query: AuditArchiveQuery): Promise<readonly AuditRecord[]>;
}
