import pg from 'pg';
import type { PostgresPool } from 'kysely';

/** Connections of one process. */
const maxConnections = 8;
/**
 * Timeouts, in ms: of a connection, of a statement at the server, and of its answer. The first one includes the wait until one of the
 * connections is free: when a database has come back, all of them are opened anew while requests queue for them.
 */
const [connectMs, statementMs, answerMs] = [10_000, 30_000, 35_000];
/** PostgreSQL's type numbers of whole numbers with 8 bytes, and of days. */
const [int8, date] = [20, 1_082];

/** How long a connection may have been idle to be used without a look whether it still works, in ms. */
const trustedMs = 500;
/** Timeout of that look, in ms. */
const lookMs = 2_000;

/** Connections to a served PostgreSQL. Nothing is requested yet. */
export function servedPool(url: string): PostgresPool {
  return new CheckedPool(openPool(url));
}

/**
 * Gives no connection that has broken while nobody used it: a server or a firewall that was started again says so to whoever sends
 * something next, and that is no reason to fail a request.
 */
class CheckedPool implements PostgresPool {
  readonly #usedAt = new WeakMap<object, number>();
  /** Connections that were last used before are taken to be broken, too. */
  #brokenAt = -Infinity;

  constructor(private readonly pool: pg.Pool) {
    pool.on('release', (_error, client) => this.#usedAt.set(client, performance.now()));
  }

  async connect(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await this.pool.connect();
      const usedAt = this.#usedAt.get(client);
      if (usedAt === undefined || (await this.#works(client, usedAt))) return client;
      client.release(true);
    }
  }

  end(): Promise<void> {
    return this.pool.end();
  }

  async #works(client: pg.PoolClient, usedAt: number): Promise<boolean> {
    if (usedAt <= this.#brokenAt) return false;
    if (performance.now() - usedAt < trustedMs) return true;
    try {
      await client.query({ text: 'select 1', query_timeout: lookMs } as pg.QueryConfig);
      return true;
    } catch {
      this.#brokenAt = performance.now();
      return false;
    }
  }
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    application_name: 'remuda',
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: answerMs,
    keepAlive: true,
    types: { getTypeParser: ((type: number, format?: string) => parserOf(type, format)) as never },
  });
  // Whoever uses a connection hears of its end by a rejection; one that nobody uses is replaced.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function parserOf(type: number, format: string | undefined): (text: string) => unknown {
  if (type === int8) return Number;
  if (type === date) return (text) => text;
  return (pg.types.getTypeParser as (type: number, format?: string) => (text: string) => unknown)(type, format);
}
