import pg from 'pg';
import type { PostgresPool } from 'kysely';

/** Connections of one process. */
const maxConnections = 8;
/** Timeouts, in ms: of a connection, of a statement at the server, and of its answer. */
const [connectMs, statementMs, answerMs] = [3_000, 30_000, 35_000];
/** PostgreSQL's type numbers of whole numbers with 8 bytes, and of days. */
const [int8, date] = [20, 1_082];

/** Connections to a served PostgreSQL. Nothing is requested yet. */
export function servedPool(url: string): PostgresPool {
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
