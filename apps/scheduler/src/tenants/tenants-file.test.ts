import { expect, test } from 'vitest';
import { loadTenants, readTenants } from './tenants-file.js';

test('rules are read for tenants by name, and for all others', () => {
  const rules = { '*': { running: 4, usdPerDay: 20 }, search: { weight: 3, running: 20 } };
  expect(readTenants({ tenants: rules })).toEqual(rules);
});

test('without a file nobody has rules', async () => {
  expect(await loadTenants(undefined)).toEqual({});
});

test('all faults are reported at once, each with its place', () => {
  const file = {
    tenants: { 'a.b': {}, search: { weight: 0, running: 1.5, colour: 'red', usdPerDay: 'much' }, '*': { waiting: -1 } },
  };
  expect(() => readTenants(file)).toThrow(
    expect.objectContaining({
      code: 'config.invalid',
      extra: {
        faults: [
          expect.objectContaining({ path: 'tenants.a.b' }),
          expect.objectContaining({ path: 'tenants.search.colour' }),
          expect.objectContaining({ path: 'tenants.search.weight' }),
          expect.objectContaining({ path: 'tenants.search.running' }),
          expect.objectContaining({ path: 'tenants.search.usdPerDay' }),
          expect.objectContaining({ path: 'tenants.*.waiting' }),
        ],
      },
    }),
  );
});

test('a file that is not there is named', async () => {
  await expect(loadTenants('/nowhere/tenants.yaml')).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('/nowhere/tenants.yaml') as string,
  });
});
