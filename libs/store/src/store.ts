import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { RemudaError } from '@remuda/domain';
import type { AuditArchive, Clock, JobArchive } from '@remuda/domain';
import { SqlArchive } from './archive.js';
import { SqlAuditArchive } from './audit-archive.js';
import { translateDatabaseError } from './database-error.js';
import { migrate } from './migrations/migrate.js';
import { PglitePool } from './pglite/pglite-pool.js';
import { servedPool } from './served-pool.js';
import type { Tables } from './tables.js';

/** Where a store is: a served PostgreSQL by its URL, or a folder for an embedded one, which one process has at a time. */
export type StorePlace = { readonly url: string } | { readonly folder: string };

/** What a store needs. */
export interface StoreParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** Delay before the database is tried again, in ms. */
const againMs = 1_000;
/** The advisory lock of the process that fills the archive. */
const leaderLock = 73_730_020;

/** What outlives Redis: the archive of jobs and the audit log, in one database. */
export class Store {
  readonly archive: JobArchive;
  readonly audit: AuditArchive;
  readonly #db: Kysely<Tables>;
  readonly #closing = new AbortController();
  readonly #opening: Promise<void>;
  #fault: RemudaError | undefined = new RemudaError('store.unavailable', 'The database has not answered yet.');

  /** Opens it, and tries again for as long as the database is away; until then every call rejects. */
  constructor(
    private readonly place: StorePlace,
    private readonly parts: StoreParts,
  ) {
    const pool = 'url' in place ? servedPool(place.url) : new PglitePool(place.folder);
    this.#db = new Kysely({ dialect: new PostgresDialect({ pool }) });
    this.archive = new SqlArchive(this.#db, parts.clock, this.#ready);
    this.audit = new SqlAuditArchive(this.#db, this.#ready);
    this.#opening = this.#open();
  }

  /** Why it cannot be used; undefined once it was opened. */
  get fault(): RemudaError | undefined {
    return this.#fault;
  }

  /** Resolves when it was opened, or closed before that. */
  opened(): Promise<void> {
    return this.#opening;
  }

  /** Rejects unless the database answers. */
  async ping(): Promise<void> {
    await this.#ready();
    await sql`select 1`.execute(this.#db).catch(rethrow);
  }

  /**
   * Does work of which only one process of a cluster may do some at a time. Resolves with false, and without the work,
   * if another one does it. All that it writes goes over the connection that has the lock: with that it ends.
   */
  async lead(work: (archive: JobArchive, audit: AuditArchive) => Promise<void>): Promise<boolean> {
    await this.#ready();
    if ('folder' in this.place) {
      await work(this.archive, this.audit);
      return true;
    }
    const { clock } = this.parts;
    return this.#db
      .connection()
      .execute(async (held) => {
        const { rows } = await sql<{
          taken: boolean;
        }>`select pg_try_advisory_lock(${leaderLock}::bigint) as taken`.execute(held);
        if (rows[0]?.taken !== true) return false;
        try {
          await work(new SqlArchive(held, clock, this.#ready), new SqlAuditArchive(held, this.#ready));
        } finally {
          await sql`select pg_advisory_unlock(${leaderLock}::bigint)`.execute(held).catch(() => undefined);
        }
        return true;
      })
      .catch(rethrow);
  }

  /** Closes it when what was asked of it is done. Safe to call twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opening;
    this.#fault = new RemudaError('store.unavailable', 'The database is being closed.');
    await this.#db.destroy();
  }

  readonly #ready = (): Promise<void> => (this.#fault ? Promise.reject(this.#fault) : Promise.resolve());

  async #open(): Promise<void> {
    const { log } = this.parts;
    const { signal } = this.#closing;
    for (let said = ''; !signal.aborted;) {
      try {
        await migrate(this.#db as Kysely<unknown>);
        this.#fault = undefined;
        log.info({}, 'the database is open');
        return;
      } catch (error) {
        this.#fault = faultOf(error);
        if (this.#fault.message !== said)
          log.warn({ err: this.#fault }, 'opening the database failed and will be tried again');
        said = this.#fault.message;
      }
      await sleep(againMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function faultOf(error: unknown): RemudaError {
  const translated = translateDatabaseError(error);
  if (translated instanceof RemudaError) return translated;
  return new RemudaError('store.unavailable', 'The schema of the database could not be brought up to date.', {
    cause: error,
  });
}

function rethrow(error: unknown): never {
  throw translateDatabaseError(error);
}
