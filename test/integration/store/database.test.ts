import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobRef } from '@remuda/testing';
import { Store } from '@remuda/store';
import { archivedJob } from '../../contract/store/archived-job.js';
import { openStore } from '../../contract/store/open-store.js';
import { openLine } from './forgetful-line.js';
import { hasPostgres, startPostgres, type TestPostgres } from '../postgres.js';

const said: string[] = [];
const parts = {
  clock: { now: () => 0 },
  log: { info: () => undefined, warn: ({ err }: { err?: Error }) => void said.push(err?.message ?? '') },
};
const unavailable = expect.objectContaining({ code: 'store.unavailable' });

describe.skipIf(!hasPostgres)('a PostgreSQL in trouble', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  test('several processes bring one schema up to date at once', async () => {
    const url = await server.database();
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ url })));
    expect(stores.map(({ fault }) => fault)).toEqual([undefined, undefined, undefined, undefined]);
    const written = await readdir(new URL('../../../libs/store/src/migrations', import.meta.url));
    const names = written.flatMap((file) => /^(\d{4}-.*)\.ts$/.exec(file)?.[1] ?? []).sort();
    expect(await server.run(url, 'select name from kysely_migration order by name')).toEqual(
      names.map((name) => ({ name })),
    );
    await Promise.all(stores.map((store) => store.close()));
  });

  test('jobs of an earlier schema are found by their labels as well', async () => {
    const url = await server.database();
    const first = await openStore({ url });
    const labels = { team: 'search', tier: 'x' };
    await first.archive.keep([archivedJob('j-1', { spec: { labels } }), archivedJob('j-2', { queuedAt: 2_000 })]);
    await first.close();
    const earlier = [
      'drop table job_labels',
      'drop index jobs_by_state_and_profile',
      'create index jobs_by_label on jobs using gin (labels)',
      'drop table audit',
      'create table audit (at bigint)',
      `delete from kysely_migration where name >= '0003'`,
    ];
    for (const statement of earlier) await server.run(url, statement);
    const second = await openStore({ url });
    const label = { key: 'tier', value: 'x' };
    const list = (state?: 'succeeded' | 'failed') =>
      second.archive.list({ tenant: 'default', label, limit: 5, ...(state && { state }) });
    expect((await list('succeeded')).map(({ id }) => id)).toEqual(['j-1']);
    expect(await list('failed')).toEqual([]);
    await second.close();
  });

  test('a schema of a later release is left alone', async () => {
    const url = await server.database();
    const first = await openStore({ url });
    await first.archive.keep([archivedJob('j-1')]);
    await first.close();
    await server.run(url, `insert into kysely_migration (name, timestamp) values ('9999-later', 'now')`);
    const store = new Store({ url }, parts);
    await expect.poll(() => store.fault?.code).toBe('store.newer');
    await expect(store.archive.find(jobRef('j-1'))).rejects.toMatchObject({ code: 'store.newer' });
    // and goes on by itself when the later release has gone
    await server.run(url, `delete from kysely_migration where name = '9999-later'`);
    await store.opened();
    expect(await store.archive.find(jobRef('j-1'))).toMatchObject({ id: 'j-1' });
    await store.close();
  });

  test('a server that comes late, is killed, and comes back', async () => {
    const url = await server.database();
    await server.kill();
    const store = new Store({ url }, parts);
    await expect.poll(() => said.length).toBeGreaterThan(0);
    await expect(store.archive.keep([archivedJob('j-1')])).rejects.toEqual(unavailable);
    await server.start();
    await store.opened();
    await store.archive.keep([archivedJob('j-1')]);
    await server.kill();
    await expect(store.archive.find(jobRef('j-1'))).rejects.toEqual(unavailable);
    await server.start();
    expect(await store.archive.find(jobRef('j-1'))).toMatchObject({ id: 'j-1' });
    await store.close();
  });

  test('connections that broke while they were idle fail no call', async () => {
    const url = new URL(await server.database());
    await using line = await openLine(Number(url.port));
    url.port = String(line.port);
    const store = await openStore({ url: url.href });
    await store.archive.keep([archivedJob('j-1')]);
    const find = () => store.archive.find(jobRef('j-1'));
    await Promise.all(Array.from({ length: 20 }, find));
    expect(line.open()).toBeGreaterThan(1);
    line.lose();
    // what was used a moment ago is not looked at
    await setTimeout(1_000);
    expect(await Promise.all(Array.from({ length: 20 }, find))).toHaveLength(20);
    expect(await find()).toMatchObject({ id: 'j-1' });
    await store.close();
  });

  test('a database whose tables are gone is away, and refuses nothing', async () => {
    const url = await server.database();
    const store = await openStore({ url });
    await server.run(url, 'drop schema public cascade');
    await expect(store.archive.find(jobRef('j-1'))).rejects.toEqual(unavailable);
    await expect(store.archive.keep([archivedJob('j-1')])).rejects.toEqual(unavailable);
    await store.close();
  });

  test('a database that takes no writes refuses them, and is read', async () => {
    const url = await server.database();
    const store = await openStore({ url });
    await store.archive.keep([archivedJob('j-1')]);
    const name = new URL(url).pathname.slice(1);
    await server.run(url, `alter database ${name} set default_transaction_read_only = on`);
    await store.close();
    const again = new Store({ url }, parts);
    await again.opened();
    await expect(again.archive.keep([archivedJob('j-2')])).rejects.toEqual(unavailable);
    expect(await again.archive.find(jobRef('j-1'))).toMatchObject({ id: 'j-1' });
    await again.close();
  });

  test('a database that fills up refuses what does not fit, is read meanwhile, and goes on when there is room', async () => {
    const url = await server.database('small');
    const store = await openStore({ url });
    await store.archive.keep([archivedJob('j-1')]);
    await server.fill();
    const large = archivedJob('j-2', { text: randomBytes(500_000).toString('base64') });
    await expect(store.archive.keep([large])).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringMatching(/No space left on device/) as string,
    });
    expect(await store.archive.find(jobRef('j-1'))).toMatchObject({ id: 'j-1' });
    expect(await store.archive.find(jobRef('j-2'))).toBeUndefined();
    await server.makeRoom();
    await store.archive.keep([large]);
    expect(await store.archive.result(jobRef('j-2'))).toMatchObject({ text: large.result?.text });
    await store.close();
  });

  test('one of two leads; the other one takes over when its connection is cut', async () => {
    const url = await server.database();
    const [first, second] = await Promise.all([openStore({ url }), openStore({ url })]);
    let began: () => void = () => undefined;
    const leads = new Promise<void>((resolve) => (began = resolve));
    let go: () => void = () => undefined;
    const cut = new Promise<void>((resolve) => (go = resolve));
    const led = first.lead(async (archive) => {
      began();
      await cut;
      await archive.keep([archivedJob('j-late')]);
    });
    await leads;
    expect(await second.lead(() => Promise.reject(new Error('may not')))).toBe(false);
    await server.run(
      url,
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
    );
    await expect.poll(() => second.lead((archive) => archive.keep([archivedJob('j-1')]))).toBe(true);
    go();
    await expect(led).rejects.toEqual(unavailable);
    expect(await second.archive.find(jobRef('j-late'))).toBeUndefined();
    await Promise.all([first.close(), second.close()]);
  });
});

test('one process has a folder of PGlite, and the next one gets it when that has closed it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-folder-'));
  const first = await openStore({ folder });
  await first.archive.keep([archivedJob('j-1')]);
  const second = new Store({ folder }, parts);
  await expect.poll(() => second.fault?.message).toMatch(/Another process uses the database/);
  await first.close();
  await second.opened();
  expect(await second.archive.find(jobRef('j-1'))).toMatchObject({ id: 'j-1' });
  await second.close();
  await rm(folder, { recursive: true });
}, 600_000);

test('of two processes on one folder of PGlite the second one says so, and has it when the first one was killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-folder-'));
  const program = `
    const { Store } = await import('@remuda/store');
    const log = { info: () => undefined, warn: ({ err }) => console.log(err.message) };
    const store = new Store({ folder: process.argv[1] }, { clock: Date, log });
    await store.opened();
    console.log('open');
    setInterval(() => undefined, 1_000);`;
  const open = () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder]);
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += String(text)));
    return { child, said: () => output };
  };
  const patience = { timeout: 240_000 };
  const first = open();
  await expect.poll(first.said, patience).toBe('open\n');
  const second = open();
  await expect.poll(second.said, patience).toMatch(/Another process uses the database .*; only one can\.\n$/);
  first.child.kill('SIGKILL');
  await expect.poll(second.said, patience).toMatch(/\nopen\n$/);
  const ended = once(second.child, 'exit');
  second.child.kill('SIGKILL');
  await ended;
  await rm(folder, { recursive: true });
}, 600_000);
