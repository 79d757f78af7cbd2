import { fitsHash, readApiKey } from '@remuda/runtime';
import { ManualClock, MemoryApiKeys } from '@remuda/testing';
import { expect, test } from 'vitest';
import { runCommand } from './run-command.js';

const create = { what: 'create', tenant: 'a', scopes: ['jobs:read'], name: 'ci' } as const;

test('a key is printed once, and what is kept does not have its secret', async () => {
  const keys = new MemoryApiKeys();
  const [text = ''] = await runCommand(create, keys, new ManualClock());
  const { id = '', secret = '' } = readApiKey(text) ?? {};
  const record = await keys.find(id);
  expect(record).toMatchObject({ tenant: 'a', scopes: ['jobs:read'], name: 'ci' });
  expect(fitsHash(secret, record?.hash ?? '')).toBe(true);
  const listed = await runCommand({ what: 'list' }, keys, new ManualClock());
  expect(JSON.stringify([record, listed])).not.toContain(secret);
});

test('the list says which keys are valid, until when, expired and revoked', async () => {
  const keys = new MemoryApiKeys();
  const clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'));
  const made = async (days?: number): Promise<string> => {
    const [text = ''] = await runCommand(days === undefined ? create : { ...create, days }, keys, clock);
    await clock.advance(1);
    return readApiKey(text)?.id ?? '';
  };
  await made();
  await made(1);
  await made(10);
  const id = await made();
  expect(await runCommand({ what: 'revoke', id }, keys, clock)).toEqual([`${id} is revoked`]);
  await clock.advance(2 * 86_400_000);
  const lines = await runCommand({ what: 'list' }, keys, clock);
  expect(lines.map((line) => line.split('  ').at(4))).toEqual([
    'valid',
    'expired 2026-01-02',
    'valid until 2026-01-11',
    'revoked 2026-01-01',
  ]);
});

test('a key that is not there cannot be revoked', async () => {
  await expect(runCommand({ what: 'revoke', id: 'x' }, new MemoryApiKeys(), new ManualClock())).rejects.toThrow('"x"');
});
