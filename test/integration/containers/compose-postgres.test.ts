import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Store } from '@remuda/store';
import { jobRef } from '@remuda/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../../apps/local/src/cluster/free-port.js';
import { archivedJob } from '../../contract/store/archived-job.js';
import { openStore } from '../../contract/store/open-store.js';
import { codeBlocks, readDocument, sections } from '../../contract/documents/document.js';
import { hasPostgres } from '../postgres.js';

const run = promisify(execFile);
const hasCompose = await run('docker-compose', ['version']).then(
  () => true,
  () => false,
);

/** Connections that an api has at most, as docs/production.md says. */
const mostConnections = 8;

describe.skipIf(!hasPostgres || !hasCompose)('the PostgreSQL of a compose file', () => {
  const project = `remuda-test-${randomBytes(4).toString('hex')}`;
  let dir: string;
  let port: number;
  let store!: Store;
  let password: string;
  let container: string;
  const compose = async (...args: readonly string[]): Promise<string> => {
    const files = ['docker/compose.yaml', 'docker/compose.postgres.yaml', join(dir, 'over.yaml')];
    const named = files.flatMap((file) => ['-f', file]);
    const env = { ...process.env, POSTGRES_MAX_CONNECTIONS: '40' };
    return (await run('docker-compose', ['-p', project, ...named, ...args], { env })).stdout;
  };
  /** Runs a program in its container. */
  const inside = async (...command: readonly string[]): Promise<string> =>
    (await run('docker', ['exec', ...command])).stdout.trim();
  const psql = (command: string): Promise<string> =>
    inside('-e', `PGPASSWORD=${password}`, container, 'psql', '-U', 'remuda', '-Atc', command);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'remuda-compose-'));
    port = await freePort();
    // as the api would reach it, from this machine
    const over = { services: { postgres: { networks: ['backbone', 'outside'], ports: [`127.0.0.1:${port}:5432`] } } };
    await writeFile(join(dir, 'over.yaml'), JSON.stringify(over));
    await compose('up', '-d', 'postgres');
    container = (await compose('ps', '-q', 'postgres')).trim();
    const health = async () =>
      (await run('docker', ['inspect', '-f', '{{.State.Health.Status}}', container])).stdout.trim();
    await vi.waitFor(async () => expect(await health()).toBe('healthy'), { timeout: 240_000, interval: 500 });
    password = await inside(container, 'cat', '/access/postgres-password');
    store = await openStore({ url: `postgres://remuda:${password}@127.0.0.1:${port}/remuda` });
  }, 300_000);
  afterAll(async () => {
    await (store as Store | undefined)?.close();
    await compose('down', '-v', '-t', '5');
    await rm(dir, { recursive: true });
  }, 120_000);

  test('has the settings that the operator chose, and those of the file otherwise', async () => {
    expect(await psql('show max_connections')).toBe('40');
    expect(await psql('show shared_buffers')).toBe('256MB');
    expect(await psql('show work_mem')).toBe('16MB');
  });

  test('asks for a password that was made there', async () => {
    expect(password).toMatch(/^[0-9a-f]{48}$/);
    const stranger = new pg.Client({ connectionString: `postgres://remuda:remuda@127.0.0.1:${port}/remuda` });
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
  });

  test('shows its tables, and the newest jobs, to the statements of the runbook', async () => {
    await store.archive.keep([archivedJob('j-1'), archivedJob('j-2', { queuedAt: 2_000 })]);
    expect(await psql('\\dt')).toMatch(/\|job_events\|[^]*\|jobs\|[^]*\|spend\|/);
    const chapter = sections(readDocument('docs/runbook.md'), 3).get('Looking into the database') ?? '';
    const statements = codeBlocks(chapter, 'sql')
      .join('')
      .split(';')
      .flatMap((text) => text.trim() || []);
    expect(statements.length).toBeGreaterThan(2);
    const answers: string[] = [];
    for (const statement of statements) answers.push(await psql(statement));
    expect(answers[0]).toMatch(/^j-2\|.*\nj-1\|/);
  });

  test('gives an api no more connections than are documented, whatever is asked of it at once', async () => {
    const asked = Promise.all(Array.from({ length: 400 }, () => store.archive.find(jobRef('j-1'))));
    const count = `select count(*) from pg_stat_activity where application_name = 'remuda'`;
    const meanwhile = Number(await psql(count));
    await asked;
    expect(Number(await psql(count))).toBe(mostConnections);
    expect(meanwhile).toBeLessThanOrEqual(mostConnections);
    expect(readDocument('docs/production.md')).toContain(`up to ${mostConnections} connections`);
  });
});
