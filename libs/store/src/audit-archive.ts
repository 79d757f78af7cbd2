import type { Kysely } from 'kysely';
import type { AuditNote, AuditArchive, AuditArchiveQuery, AuditRecord } from '@remuda/domain';
import { translateDatabaseError } from './database-error.js';
import { plainText } from './plain-text.js';
import type { Tables } from './tables.js';

/** The audit log in PostgreSQL, served or embedded. */
export class SqlAuditArchive implements AuditArchive {
  /** `ready` rejects while the database's schema is not known to be ours. */
  constructor(
    private readonly db: Kysely<Tables>,
    private readonly ready: () => Promise<void>,
  ) {}

  async add(tenant: string, entries: readonly AuditNote[]): Promise<void> {
    await this.ready();
    if (entries.length === 0) return;
    const rows = entries.map(({ at, actor, action, target, data }) => ({
      ...{ tenant, at, actor: plainText(actor), action: plainText(action), target: plainText(target) },
      data: data === undefined ? null : JSON.stringify(data),
    }));
    await this.db.insertInto('audit').values(rows).execute().catch(rethrow);
  }

  async list({ tenant, actor, target, below, limit }: AuditArchiveQuery): Promise<readonly AuditRecord[]> {
    await this.ready();
    let found = this.db.selectFrom('audit').selectAll().where('tenant', '=', tenant);
    if (actor !== undefined) found = found.where('actor', '=', plainText(actor));
    if (target !== undefined) found = found.where('target', '=', plainText(target));
    if (below !== undefined) found = found.where('id', '<', below);
    const rows = await found.orderBy('id', 'desc').limit(limit).execute().catch(rethrow);
    return rows.map(({ tenant: _tenant, data, ...entry }) => ({
      ...entry,
      ...(data === null ? {} : { data: JSON.parse(data) as Record<string, unknown> }),
    }));
  }
}

function rethrow(error: unknown): never {
  throw translateDatabaseError(error);
}
