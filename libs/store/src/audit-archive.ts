import { sql, type ExpressionBuilder, type Kysely, type Selectable } from 'kysely';
import { mergeAudit, type AuditArchive, type AuditKind, type AuditQuery, type AuditRecord } from '@remuda/domain';
import { translateDatabaseError } from './database-error.js';
import { plainText } from './plain-text.js';
import type { Tables } from './tables.js';

/** Entries that are deleted by one statement. */
const step = 2_000;
/** The last character of all: behind every path that begins with a text. */
const lastCharacter = String.fromCodePoint(0x10_ff_ff);

/** The audit log in PostgreSQL, served or embedded. */
export class SqlAuditArchive implements AuditArchive {
  /** `ready` rejects while the database's schema is not known to be ours. */
  constructor(
    private readonly db: Kysely<Tables>,
    private readonly ready: () => Promise<void>,
  ) {}

  add(entries: readonly AuditRecord[]): Promise<void> {
    return this.#ask(async () => {
      if (entries.length === 0) return;
      const all = <T>(valueOf: (entry: AuditRecord) => T): readonly T[] => entries.map((entry) => valueOf(entry));
      const texts = (valueOf: (entry: AuditRecord) => string | undefined): readonly (string | null)[] =>
        all((entry) => textOrNull(valueOf(entry)));
      await sql`
        insert into audit (at, id, kind, tenant, request, method, path, status, code, address, subject, api_key)
        select * from unnest(${all(({ at }) => at)}::bigint[], ${all(({ id }) => id)}::text[],
          ${all(({ kind }) => kind)}::text[], ${texts(({ tenant = '' }) => tenant)}::text[],
          ${texts(({ request }) => request)}::text[], ${texts(({ method }) => method)}::text[],
          ${texts(({ path }) => path)}::text[], ${all(({ status }) => status)}::int[], ${texts(({ code }) => code)}::text[],
          ${texts(({ from }) => from)}::text[], ${texts(({ subject }) => subject)}::text[],
          ${texts(({ key }) => key)}::text[])
        on conflict (at, id) do nothing`.execute(this.db);
    });
  }

  list(query: AuditQuery): Promise<readonly AuditRecord[]> {
    return this.#ask(async () => {
      const { tenant, orUnknown = false, limit } = query;
      if (tenant === undefined) return this.#some(query);
      // each of the two by itself has an index in the order of the page
      const own = await this.#some(query, tenant);
      return orUnknown ? mergeAudit([own, await this.#some(query, '')], limit) : own;
    });
  }

  forget(kind: AuditKind, before: number): Promise<number> {
    return this.#ask(async () => {
      const { rows } = await sql`
        with due as (select at, id from audit where kind = ${kind} and at < ${before}::bigint order by at limit ${step})
        delete from audit using due where audit.at = due.at and audit.id = due.id returning 1`.execute(this.db);
      return rows.length;
    });
  }

  async #some(query: AuditQuery, tenant?: string): Promise<readonly AuditRecord[]> {
    const { who, kind, since, until, path, request, below, limit } = query;
    let found = this.db.selectFrom('audit').selectAll();
    if (tenant !== undefined) found = found.where('tenant', '=', tenant);
    if (who !== undefined) found = found.where(isWho(plainText(who)));
    if (kind !== undefined) found = found.where('kind', '=', kind);
    if (since !== undefined) found = found.where('at', '>=', since);
    if (until !== undefined) found = found.where('at', '<=', until);
    if (path !== undefined)
      found = found.where('path', '>=', plainText(path)).where('path', '<', plainText(path) + lastCharacter);
    if (request !== undefined) found = found.where('request', '=', plainText(request));
    if (below) found = found.where(sql<boolean>`(at, id) < (${below.at}::bigint, ${below.id})`);
    return (await found.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute()).map(readRow);
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    await this.ready();
    try {
      return await ask();
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }
}

function isWho(who: string) {
  return (row: ExpressionBuilder<Tables, 'audit'>) => row.or([row('subject', '=', who), row('api_key', '=', who)]);
}

function readRow(row: Selectable<Tables['audit']>): AuditRecord {
  const { at, id, kind, request, method, path, status, code, address, subject, tenant, api_key: key } = row;
  return {
    ...{ at, id, kind: kind as AuditKind, request, method, path, status },
    ...(code === null ? {} : { code }),
    ...(address === null ? {} : { from: address }),
    ...(subject === null ? {} : { subject }),
    ...(tenant === '' ? {} : { tenant }),
    ...(key === null ? {} : { key }),
  };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined ? null : plainText(text);
}
