import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditKind } from '@remuda/domain';
import { AuditFeed, RedisAuditLog, connectRedis, redisKeys, type RedisConnection } from '@remuda/redis';
import type { Store } from '@remuda/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditMover } from '../../../apps/api/src/history/audit-mover.js';
import { auditEntry } from '../../contract/identity/audit-queries.js';
import { openStore } from '../../contract/store/open-store.js';
import { startRedis, type TestRedis } from '../redis.js';

let redis: TestRedis;
let connection: RedisConnection;
let folder: string;
let store: Store;
const keys = redisKeys('audit-moved');
const warned: object[] = [];
const log = { warn: (fields: object) => void warned.push(fields) };
beforeAll(async () => {
  redis = await startRedis();
  connection = connectRedis(redis.url, { name: 'test' });
  folder = await mkdtemp(join(tmpdir(), 'remuda-audit-'));
  store = await openStore({ folder });
}, 300_000);
afterAll(async () => {
  await store.close();
  connection.close();
  await redis.close();
  await rm(folder, { recursive: true });
});

const newMover = (): AuditMover => new AuditMover(new AuditFeed(connection, keys), log);
const recent = (): RedisAuditLog => new RedisAuditLog(connection, keys);
let tests = 0;

/** Notes requests of a tenant of the test's own. */
async function note(tenant: string, count: number, kind: AuditKind = 'steered'): Promise<void> {
  const [audit, nth] = [recent(), ++tests];
  await Promise.all(
    Array.from({ length: count }, (_, i) => audit.append(auditEntry(`${nth}-${i}`, { tenant, kind, at: 0 }))),
  );
}

test('all of it is in the archive as Redis has it, however many pieces it takes', async () => {
  await note('many', 1_234);
  await note('many', 700, 'refused');
  const mover = newMover();
  for (let i = 0; i < 4; i++) await mover.move(store.audit);
  const { entries } = await recent().list({ tenant: 'many', limit: 5_000 });
  expect(entries).toHaveLength(1_934);
  expect(await store.audit.list({ tenant: 'many', limit: 5_000 })).toEqual(entries);
});

test('one that begins anew changes nothing, and goes on with what came meanwhile', async () => {
  await note('anew', 3);
  const mover = newMover();
  for (let i = 0; i < 4; i++) await mover.move(store.audit);
  const before = await store.audit.list({ tenant: 'anew', limit: 100 });
  await note('anew', 2);
  mover.begin();
  for (let i = 0; i < 4; i++) await mover.move(store.audit);
  const after = await store.audit.list({ tenant: 'anew', limit: 100 });
  expect(after).toHaveLength(5);
  expect(after.slice(2)).toEqual(before);
});

test('what could not be written is written by the next try', async () => {
  await note('late', 3);
  const mover = newMover();
  const away = { ...store.audit, add: () => Promise.reject(new Error('away')) };
  await expect(mover.move(away as unknown as Store['audit'])).rejects.toThrow('away');
  for (let i = 0; i < 4; i++) await mover.move(store.audit);
  expect(await store.audit.list({ tenant: 'late', limit: 100 })).toHaveLength(3);
});

test('what is due by its kind leaves the archive and Redis', async () => {
  await note('due', 2, 'refused');
  await note('due', 2);
  const mover = newMover();
  for (let i = 0; i < 6; i++) await mover.move(store.audit);
  const [latest] = (await recent().list({ limit: 1 })).entries;
  await mover.forget(store.audit, { refused: 1_000 }, (latest?.at ?? 0) + 1_001);
  const query = { tenant: 'due', limit: 9 };
  const kinds = (entries: readonly { readonly kind: AuditKind }[]): readonly AuditKind[] =>
    entries.map(({ kind }) => kind);
  expect(kinds(await store.audit.list(query))).toEqual(['steered', 'steered']);
  expect(kinds((await recent().list(query)).entries)).toEqual(['steered', 'steered']);
  expect(warned).toEqual([]);
});
