import { RemudaError, anyone, type Principal } from '@remuda/domain';
import { hashSecret, makeApiKey } from '@remuda/runtime';
import { ManualClock, MemoryApiKeys } from '@remuda/testing';
import { expect, test } from 'vitest';
import type { JwtCheck } from './jwt/jwt-check.js';
import { KeyCheck } from './key-check.js';
import { TokenCheck } from './token-check.js';

/** API keys that count how often they are read. */
class CountedKeys extends MemoryApiKeys {
  reads = 0;
  override find(id: string): ReturnType<MemoryApiKeys['find']> {
    this.reads++;
    return super.find(id);
  }
}

async function keyed() {
  const [keys, clock] = [new CountedKeys(), new ManualClock()];
  const { id, secret, text } = makeApiKey();
  const record = { id, name: 'ci', tenant: 'a', scopes: [], hash: hashSecret(secret), createdAt: clock.now() };
  await keys.add(record);
  const check = new KeyCheck(keys, clock);
  return { keys, clock, id, check, record, ask: () => new TokenCheck(check, undefined, clock).check(text) };
}

test('a key’s record is read once in 3 s, and again at once when it was revoked', async () => {
  const { keys, clock, id, check, ask } = await keyed();
  for (let times = 0; times < 5; times++) expect(await ask()).toMatchObject({ by: 'key', key: id, tenant: 'a' });
  expect(keys.reads).toBe(1);
  await clock.advance(3_000);
  await ask();
  expect(keys.reads).toBe(2);
  await keys.revoke(id, clock.now());
  check.forget(id);
  await expect(ask()).rejects.toThrow('revoked');
});

test('a key that was revoked without a word is refused after 3 s', async () => {
  const { keys, clock, id, ask } = await keyed();
  await ask();
  await keys.revoke(id, clock.now());
  await clock.advance(3_000);
  await expect(ask()).rejects.toThrow('revoked');
});

test('a key that expires is refused from then on, whatever is kept of it', async () => {
  const { keys, clock, record, ask } = await keyed();
  await keys.add({ ...record, expiresAt: clock.now() + 1_000 });
  await ask();
  await clock.advance(1_000);
  await expect(ask()).rejects.toThrow('expired');
});

test('a JWT is checked once in a minute, and not at all after it has expired', async () => {
  const clock = new ManualClock();
  let checks = 0;
  const principal: Principal = { ...anyone, by: 'jwt', expiresAt: clock.now() + 90_000 };
  const check = (): Promise<Principal> => {
    checks++;
    return clock.now() < (principal.expiresAt ?? 0)
      ? Promise.resolve(principal)
      : Promise.reject(new RemudaError('token.invalid', 'The token has expired.'));
  };
  const tokens = new TokenCheck(new KeyCheck(new MemoryApiKeys(), clock), { check } as unknown as JwtCheck, clock);
  for (let times = 0; times < 3; times++) expect(await tokens.check('x')).toBe(principal);
  expect(checks).toBe(1);
  await tokens.check('y');
  expect(checks).toBe(2);
  await clock.advance(60_000);
  await tokens.check('x');
  expect(checks).toBe(3);
  await clock.advance(30_000);
  await expect(tokens.check('x')).rejects.toThrow('expired');
});
