import type { AuditKind, AuditQuery, AuditRecord } from './audit-log.port.js';

/** An audit log that outlives Redis. Entries are never changed, and forgotten by rule only. Rejects like `JobArchive`. */
export interface AuditArchive {
  /** Adds all entries, or none. One that is there already, by its place, stays as it is. */
  add(entries: readonly AuditRecord[]): Promise<void>;
  /** The entries that fit, the newest first. */
  list(query: AuditQuery): Promise<readonly AuditRecord[]>;
  /** Deletes some of the entries of a kind from before a time, in epoch ms; returns their number. */
  forget(kind: AuditKind, before: number): Promise<number>;
}
