import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { RemudaError } from '@remuda/domain';
import { history } from './0001-history.js';
import { turns } from './0002-turns.js';
import { jobLabels } from './0003-job-labels.js';
import { auditLog } from './0004-audit.js';

/** Every migration, by a name that sorts behind all earlier ones. One that was released is never changed. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-history': history,
  '0002-turns': turns,
  '0003-job-labels': jobLabels,
  '0004-audit': auditLog,
};

/**
 * Brings the schema up to date, all in one transaction and under a lock: several processes may try at once. Rejects
 * with `store.newer` if a later release has been here.
 */
export async function migrate(db: Kysely<unknown>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...migrations }) } });
  const unknown = (await doneIn(db)).filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length > 0)
    throw new RemudaError(
      'store.newer',
      `The database was changed by a later release (${unknown.join(', ')}): run that one, or restore a backup.`,
    );
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error('the migration failed', { cause: error });
}

async function doneIn(db: Kysely<unknown>): Promise<readonly string[]> {
  const there = await sql<{ found: boolean }>`select to_regclass('kysely_migration') is not null as found`.execute(db);
  if (there.rows[0]?.found !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}
