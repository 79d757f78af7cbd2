import { ManualClock } from '@remuda/testing';
import { exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose';
import { expect, test } from 'vitest';
import { KeySet } from './key-set.js';

async function keysOf(...kids: readonly string[]): Promise<JSONWebKeySet> {
  const make = async (kid: string) => ({ ...(await exportJWK((await generateKeyPair('ES256')).publicKey)), kid });
  return { keys: await Promise.all(kids.map(make)) };
}

/** A set whose issuer answers as a test says. */
function setOf(answers: (() => Promise<JSONWebKeySet>)[]) {
  const clock = new ManualClock();
  const warnings: unknown[] = [];
  let asked = 0;
  const next = (): Promise<JSONWebKeySet> => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked++;
    return answer?.() ?? Promise.reject(new Error('nobody'));
  };
  const set = new KeySet(next, clock, { warn: (...line: unknown[]) => void warnings.push(line) });
  return { set, clock, warnings, asked: () => asked };
}

const down = (): Promise<JSONWebKeySet> => Promise.reject(new Error('it is down'));
const header = (kid: string) => ({ alg: 'ES256', kid });

test('many tokens at the same time fetch the keys once', async () => {
  const keys = await keysOf('one');
  const { set, asked } = setOf([() => Promise.resolve(keys)]);
  await Promise.all(Array.from({ length: 20 }, () => set.key(header('one'))));
  expect(asked()).toBe(1);
});

test('keys that are 5 minutes old are fetched again, without a token waiting for it', async () => {
  const [old, next] = [await keysOf('one'), await keysOf('two')];
  const { set, clock, asked } = setOf([() => Promise.resolve(old), () => Promise.resolve(next)]);
  await set.key(header('one'));
  await clock.advance(300_001);
  await set.key(header('one'));
  expect(asked()).toBe(2);
  await clock.advance(0);
  await set.key(header('two'));
  await expect(set.key(header('one'))).rejects.toMatchObject({ code: 'token.invalid' });
});

test('unknown keys ask the issuer once in 10 s', async () => {
  const [old, next] = [await keysOf('one'), await keysOf('one', 'two')];
  const { set, clock, asked } = setOf([() => Promise.resolve(old), () => Promise.resolve(next)]);
  for (let times = 0; times < 9; times++)
    await expect(set.key(header('two'))).rejects.toMatchObject({ code: 'token.invalid' });
  expect(asked()).toBe(1);
  await clock.advance(10_000);
  await set.key(header('two'));
  expect(asked()).toBe(2);
});

test('the last keys go on for hours while the issuer is down, and that is told once', async () => {
  const keys = await keysOf('one');
  const { set, clock, warnings, asked } = setOf([() => Promise.resolve(keys), down]);
  await set.key(header('one'));
  for (let hours = 0; hours < 24; hours++) {
    await clock.advance(3_600_000);
    await set.key(header('one'));
  }
  await clock.advance(0);
  expect(asked()).toBe(25);
  expect(warnings).toHaveLength(1);
});

test('an issuer that was down at first is asked again after 10 s, and not before', async () => {
  const keys = await keysOf('one');
  const { set, clock, asked } = setOf([down, () => Promise.resolve(keys)]);
  for (let times = 0; times < 3; times++)
    await expect(set.key(header('one'))).rejects.toMatchObject({ code: 'token.unverifiable' });
  expect(asked()).toBe(1);
  await clock.advance(10_000);
  await set.key(header('one'));
});
