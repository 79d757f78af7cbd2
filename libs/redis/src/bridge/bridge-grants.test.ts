import { expect, test } from 'vitest';
import { readGrant } from './bridge-grants.js';

const held = { job: 'j', worker: 'w', lease: '3' };

test('a grant is read whole, and without its job it is none', () => {
  const hash = { ...held, maxBudgetUsd: '1.5', models: '["claude-sonnet-4-5","haiku"]' };
  const models = ['claude-sonnet-4-5', 'haiku'];
  expect(readGrant(hash)).toEqual({ job: 'j', worker: 'w', lease: 3, maxBudgetUsd: 1.5, models });
  expect(readGrant({ ...hash, job: '' })).toBeUndefined();
});

test.each(['', '{', '"claude-opus-4-8"', '{"0":"claude-opus-4-8"}'])('models that read %j allow none', (models) => {
  expect(readGrant({ ...held, models })).toMatchObject({ models: [] });
});

test('a budget that can not be read is none left', () => {
  expect(readGrant({ ...held, maxBudgetUsd: 'much' })).toMatchObject({ maxBudgetUsd: 0 });
});

test('a grant of a format that is not understood is refused, which is not the same as none', () => {
  expect(readGrant({ ...held, v: '1' })).toEqual({ job: 'j', worker: 'w', lease: 3 });
  for (const v of ['2', '0', 'x']) expect(() => readGrant({ ...held, v })).toThrow(/format/);
});
