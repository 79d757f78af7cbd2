import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SecretBox, readSecretKeys } from './secret-box.js';
import { EnvironmentVault, FolderVault, Vaults } from './secret-vault.js';
import { makeWorkerKey, sealFor } from './worker-key.js';

const key = (): string => randomBytes(32).toString('base64');
const box = (...keys: readonly string[]) => new SecretBox(readSecretKeys(keys.join(',')));
const gone = { code: 'job.secrets_gone' };

describe('the keys', () => {
  test('are read from base64 of both alphabets and from hexadecimal', () => {
    const bytes = randomBytes(32);
    const all = (['base64', 'base64url', 'hex'] as const).map((form) => bytes.toString(form)).join(', ');
    expect(readSecretKeys(all).map((one) => one.export().equals(bytes))).toEqual([true, true, true]);
  });

  test.each(['', 'short', randomBytes(31).toString('base64'), randomBytes(33).toString('hex'), `${key()},`, ' ,'])(
    'are not taken from %j',
    (text) => expect(() => readSecretKeys(text)).toThrow(/expected keys of 32 bytes/),
  );
});

describe('secrets that are kept', () => {
  const [one, other] = [key(), key()];

  test('are read again, whatever they hold, and do not show in the text', async () => {
    const own = box(one);
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.string({ minLength: 4 }), { noNullPrototype: true }),
        async (given) => {
          const sealed = await own.seal(given, 'j-1');
          expect(await own.open(sealed, 'j-1')).toEqual(given);
          for (const value of Object.values(given)) expect(sealed.includes(value) && value.length > 12).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('are read after the key was changed, as long as the former one is named', async () => {
    const sealed = await box(one).seal({ A: 'value' }, 'j-1');
    expect(await box(other, one).open(sealed, 'j-1')).toEqual({ A: 'value' });
    await expect(box(other).open(sealed, 'j-1')).rejects.toMatchObject(gone);
  });

  test('are of one job, and of nobody who changes them', async () => {
    const sealed = await box(one).seal({ A: 'value' }, 'j-1');
    await expect(box(one).open(sealed, 'j-2')).rejects.toMatchObject(gone);
    const changed = sealed.slice(0, -30) + (sealed.at(-30) === 'A' ? 'B' : 'A') + sealed.slice(-29);
    await expect(box(one).open(changed, 'j-1')).rejects.toMatchObject(gone);
    await expect(box(one).open('', 'j-1')).rejects.toMatchObject(gone);
  });
});

test('secrets for a worker are read by that process of it alone, and for that job', async () => {
  const [worker, another] = [makeWorkerKey(), makeWorkerKey()];
  const sealed = await sealFor(worker.publicKey, { A: 'value' }, 'j-1');
  expect(await worker.open(sealed, 'j-1')).toEqual({ A: 'value' });
  await expect(worker.open(sealed, 'j-2')).rejects.toMatchObject(gone);
  await expect(another.open(sealed, 'j-1')).rejects.toMatchObject(gone);
  await expect(sealFor(`${'A'.repeat(43)}.${'A'.repeat(43)}`, { A: 'value' }, 'j-1')).rejects.toThrow();
});

describe('a vault', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vault-'));
    for (const tenant of ['default', 'search']) {
      await mkdir(join(folder, tenant));
      await writeFile(join(folder, tenant, 'TOKEN'), `of-${tenant}\n`);
    }
    await writeFile(join(folder, 'OUTSIDE'), 'of nobody');
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  test('of variables has those of the default tenant', async () => {
    const vault = new EnvironmentVault({ REMUDA_SECRET_TOKEN: 'value', TOKEN: 'no secret', REMUDA_SECRET_EMPTY: '' });
    expect(await vault.find('default', 'TOKEN')).toBe('value');
    expect(await vault.find('search', 'TOKEN')).toBeUndefined();
    expect(await vault.find('default', 'EMPTY')).toBeUndefined();
  });

  test("of files has each tenant's own, without the last line end", async () => {
    const vault = new FolderVault(folder);
    expect(await vault.find('default', 'TOKEN')).toBe('of-default');
    expect(await vault.find('search', 'TOKEN')).toBe('of-search');
    expect(await vault.find('nobody', 'TOKEN')).toBeUndefined();
  });

  test.each([
    ['..', 'OUTSIDE'],
    ['.', 'OUTSIDE'],
    ['', 'OUTSIDE'],
    ['default/..', 'OUTSIDE'],
    ['default', '../OUTSIDE'],
    ['default', '../search/TOKEN'],
  ])("of files has nothing beyond a tenant's folder: %j %j", async (tenant, name) => {
    expect(await new FolderVault(folder).find(tenant, name)).toBeUndefined();
  });

  test('that cannot be read is not taken for an empty one', async () => {
    await mkdir(join(folder, 'default', 'A_FOLDER'), { recursive: true });
    await expect(new FolderVault(folder).find('default', 'A_FOLDER')).rejects.toThrow(/EISDIR/);
  });

  test('that comes first is asked first', async () => {
    const vault = new Vaults([
      new FolderVault(folder),
      new EnvironmentVault({ REMUDA_SECRET_TOKEN: 'b', REMUDA_SECRET_B: 'c' }),
    ]);
    expect(await vault.find('default', 'TOKEN')).toBe('of-default');
    expect(await vault.find('default', 'B')).toBe('c');
  });
});
