import { mergeAudit } from '@remuda/domain';
import type { AuditArchive, AuditEntry, AuditLog, AuditPage, AuditQuery } from '@remuda/domain';
import { isAway } from './away.js';

/** The latest requests of the audit log in Redis, and those that only the archive still has. */
export class AuditWithHistory implements AuditLog {
  constructor(
    private readonly recent: AuditLog,
    private readonly archive: Pick<AuditArchive, 'list'>,
  ) {}

  append(entry: AuditEntry): Promise<void> {
    return this.recent.append(entry);
  }

  /**
   * Redis is asked first: what leaves it in between is in the archive. While the archive cannot be asked, the page has
   * what is in Redis, and says that it is incomplete.
   */
  async list(query: AuditQuery): Promise<AuditPage> {
    const { entries } = await this.recent.list(query);
    try {
      return { entries: mergeAudit([entries, await this.archive.list(query)], query.limit) };
    } catch (error) {
      if (isAway(error)) return { entries, incomplete: true };
      throw error;
    }
  }
}
