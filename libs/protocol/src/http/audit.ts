import type { AuditEntry } from '@remuda/domain';
import type { Dated } from './dated.js';

/** A request in the audit log. */
export type AuditEntryView = Dated<AuditEntry, 'at'>;

/** A page of the audit log, newest first. */
export interface AuditPageView {
  readonly entries: readonly AuditEntryView[];
  /** Pass it as `cursor` to get the next page; absent on the last page. */
  readonly nextCursor?: string;
  /** The database could not be asked: only the latest requests are there. */
  readonly incomplete?: true;
}
