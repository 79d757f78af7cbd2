import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../../apps/local/dist/cluster/free-port.js';

const image = 'postgres:17';

/** A PostgreSQL for one line alone, in a container, with its usual settings. */
export interface OwnPostgres {
  readonly url: string;
  run(statement: string): Promise<readonly object[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one; undefined where no Docker engine has the image. */
export async function startOwnPostgres(): Promise<OwnPostgres | undefined> {
  const docker = (...args: readonly string[]) => promisify(execFile)('docker', args);
  const there = await docker('image', 'inspect', image).catch(() => undefined);
  if (!there) return undefined;
  const port = await freePort();
  const name = `remuda-bench-postgres-${randomBytes(4).toString('hex')}`;
  await docker(
    'run',
    '-d',
    '--rm',
    '--name',
    name,
    '-p',
    `127.0.0.1:${port}:5432`,
    '-e',
    'POSTGRES_PASSWORD=bench',
    image,
  );
  const url = `postgres://postgres:bench@127.0.0.1:${port}/postgres`;
  const run = async (statement: string): Promise<readonly object[]> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(statement)).rows as object[];
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  for (let tries = 0; !(await run('select 1').catch(() => undefined)) && tries < 3_000; tries++) await setTimeout(100);
  return {
    url,
    run,
    [Symbol.asyncDispose]: async () => {
      await docker('rm', '-fv', name);
    },
  };
}
