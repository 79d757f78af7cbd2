import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../apps/local/src/cluster/free-port.js';

const image = 'postgres:17';
/** Where the small disk is in the server's container. */
const smallDisk = '/small';
const docker = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)('docker', args, { timeout: 60_000 });
  return stdout.trim();
};

/** Whether a PostgreSQL can be started: a Docker engine has the image. */
export const hasPostgres: boolean = await docker('image', 'inspect', '--format', 'there', image).then(
  () => true,
  () => false,
);

/** A served PostgreSQL of a test's own, gone with it. */
export interface TestPostgres {
  /** Makes an empty database; returns its URL. `small`: on a disk of its own that `fill` leaves no room on. */
  database(where?: 'small'): Promise<string>;
  /** Fills the small disk to its end, and makes room there again. */
  fill(): Promise<void>;
  makeRoom(): Promise<void>;
  /** Runs a statement in one of its databases. */
  run(url: string, statement: string): Promise<readonly object[]>;
  /** Makes a backup of a database, as the runbook says, in the server's container; replaces the one before. */
  dump(url: string): Promise<void>;
  /** Drops a database, whoever uses it, and makes it again from its backup. */
  restore(url: string): Promise<void>;
  /** Ends the server with SIGKILL; its data stay. */
  kill(): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a PostgreSQL in a container on a free port; resolves once it answers. `args` are settings: `-c`, `name=value`. */
export async function startPostgres(...args: readonly string[]): Promise<TestPostgres> {
  const port = await freePort();
  const name = `remuda-postgres-${randomBytes(4).toString('hex')}`;
  const urlOf = (database: string): string => `postgres://postgres:test@127.0.0.1:${port}/${database}`;
  // Removes the container when its own input ends: by `close`, or with a test process that is killed.
  const keeper = spawn('sh', ['-c', `cat >/dev/null; docker rm -fv ${name} >/dev/null 2>&1`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  keeper.stdin.on('error', () => undefined);
  const published = ['-p', `127.0.0.1:${port}:5432`, '-e', 'POSTGRES_PASSWORD=test'];
  published.push('--tmpfs', `${smallDisk}:rw,size=64m,mode=1777`);
  const inShell = (command: string): Promise<string> => docker('exec', name, 'sh', '-c', command);
  await docker('run', '-d', '--name', name, ...published, image, 'postgres', ...args);
  await answering(urlOf('postgres'));
  let databases = 0;
  return {
    database: async (where) => {
      const database = `test_${++databases}`;
      const folder = `${smallDisk}/${database}`;
      if (where) await inShell(`mkdir ${folder} && chown postgres ${folder}`);
      if (where) await run(urlOf('postgres'), `create tablespace ${database} location '${folder}'`);
      await run(urlOf('postgres'), `create database ${database}${where ? ` tablespace ${database}` : ''}`);
      return urlOf(database);
    },
    fill: async () => {
      // what remains of the last block as well
      await inShell(
        `for size in 1M 4k; do dd if=/dev/zero bs=$size of=${smallDisk}/fill-$size 2>/dev/null || true; done`,
      );
    },
    makeRoom: async () => {
      await inShell(`rm ${smallDisk}/fill-*`);
    },
    run,
    dump: async (url) => {
      await docker('exec', name, 'pg_dump', '-Fc', '-f', `/tmp/${nameIn(url)}.dump`, inside(url));
    },
    restore: async (url) => {
      await run(urlOf('postgres'), `drop database ${nameIn(url)} with (force)`);
      await run(urlOf('postgres'), `create database ${nameIn(url)}`);
      await docker('exec', name, 'pg_restore', '-d', inside(url), `/tmp/${nameIn(url)}.dump`);
    },
    kill: async () => {
      await docker('kill', name);
    },
    start: async () => {
      await docker('start', name);
      await answering(urlOf('postgres'));
    },
    close: async () => {
      const ended = once(keeper, 'exit');
      keeper.stdin.end();
      await ended;
    },
  };
}

/** Name of the database. */
const nameIn = (url: string): string => new URL(url).pathname.slice(1);
/** Its URL within the server's container. */
const inside = (url: string): string => `postgres://postgres:test@127.0.0.1/${nameIn(url)}`;

async function run(url: string, statement: string): Promise<readonly object[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(statement)).rows as object[];
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function answering(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await run(url, 'select 1');
      return;
    } catch (error) {
      if (tries >= 3_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
