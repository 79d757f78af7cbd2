import { makeApiKey } from '@remuda/runtime';
import { SignJWT, UnsecuredJWT, generateKeyPair, exportSPKI } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../redis.js';
import { bearer, jwtSecret, signJwt } from './jwt.js';
import { openKeys, type KeyMaker } from './key-maker.js';
import { startApi, type RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
let maker: KeyMaker;
beforeAll(async () => {
  redis = await startRedis();
  const env = {
    REMUDA_JWT_SECRET: jwtSecret,
    REMUDA_JWT_ISSUER: 'https://issuer.example',
    REMUDA_JWT_AUDIENCE: 'remuda',
  };
  api = await startApi(redis.url, { env });
  maker = openKeys(redis.url, api.namespace);
});
afterAll(async () => {
  maker[Symbol.dispose]();
  await api.close();
  await redis.close();
});

const right = { iss: 'https://issuer.example', aud: 'remuda' };
const list = async (token: string) => (await api.send('GET', '/api/v1/jobs', undefined, bearer(token))).json;
const nowS = (): number => Math.floor(Date.now() / 1_000);

describe('a JWT', () => {
  test('by the secret, of the issuer and for us, is accepted, again and again', async () => {
    const token = await signJwt('a', right);
    for (let times = 0; times < 3; times++) expect(await list(token)).toEqual({ jobs: [] });
  });

  test.each<[string, object, RegExp]>([
    ['has expired', { exp: nowS() - 60 }, /expired/],
    ['is not valid yet', { nbf: nowS() + 60 }, /not valid yet/],
    ['is for someone else', { aud: 'other' }, /claim aud/],
    ['is of another issuer', { iss: 'https://other.example' }, /claim iss/],
    ['has no issuer', { iss: undefined }, /claim iss/],
    ['never expires', { exp: undefined }, /claim exp/],
    ['is nobody’s', { sub: undefined }, /claim sub/],
    ['has no tenant', { tenant: undefined }, /claim tenant/],
    ['has a tenant that is a pattern', { tenant: '*' }, /claim tenant/],
    ['has a tenant that is a list', { tenant: ['a'] }, /claim tenant/],
  ])('that %s is refused', async (_what, own, reason) => {
    const { code, detail } = await list(await signJwt('a', { ...right, ...own }));
    expect([code, detail]).toEqual(['token.invalid', expect.stringMatching(reason)]);
  });

  test('without a signature is refused', async () => {
    const unsigned = new UnsecuredJWT({ sub: 'x', tenant: 'a', scope: 'admin', exp: nowS() + 60, ...right }).encode();
    expect((await list(unsigned)).code).toBe('token.invalid');
  });

  test('by another secret, or cut, or changed, is refused', async () => {
    const claims = { sub: 'x', tenant: 'a', scope: 'admin', exp: nowS() + 60, ...right };
    const other = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode('x'.repeat(40)));
    const [head, body, signature] = (await signJwt('a', right)).split('.');
    const more = Buffer.from(JSON.stringify({ ...claims, tenant: 'b' })).toString('base64url');
    for (const token of [
      other,
      `${head}.${body}.`,
      `${head}.${more}.${signature}`,
      'x',
      'a.b.c',
      `${head}..${signature}`,
    ])
      expect([token, (await list(token)).code]).toEqual([token, 'token.invalid']);
  });

  test('by a private key, or by the text of a public key as a secret, is refused: no such key is accepted here', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const claims = { sub: 'x', tenant: 'a', scope: 'admin', exp: nowS() + 60, ...right };
    const byPrivate = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
    const text = new TextEncoder().encode(await exportSPKI(publicKey));
    const byText = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(text);
    for (const token of [byPrivate, byText]) expect((await list(token)).code).toBe('token.invalid');
  });

  test('names scopes in a text or in a list, and what is no scope is ignored', async () => {
    for (const scope of ['jobs:read openid', ['jobs:read', 'profile'] as never]) {
      const token = await signJwt('a', { ...right, scope });
      expect(await list(token)).toEqual({ jobs: [] });
      expect((await api.send('GET', '/api/v1/pools', undefined, bearer(token))).json.code).toBe('token.scope_missing');
    }
  });
});

describe('an API key', () => {
  test('is accepted until it is revoked', async () => {
    const { id, text } = await maker.make();
    expect(await list(text)).toEqual({ jobs: [] });
    expect(await maker.keys.revoke(id, Date.now())).toBe(true);
    await expect.poll(async () => (await list(text)).code, { timeout: 5_000 }).toBe('token.invalid');
    expect((await list(text)).detail).toMatch(/revoked/);
  });

  test('that has expired, that is unknown, or whose secret is another one is refused', async () => {
    const [expired, known] = [await maker.make({ expiresAt: Date.now() - 1 }), await maker.make()];
    const other = makeApiKey();
    for (const text of [expired.text, other.text, `rk_${known.id}_${other.secret}`, `${known.text}0`])
      expect((await list(text)).code).toBe('token.invalid');
  });

  test('is its tenant’s, with its own scopes', async () => {
    const { text } = await maker.make({ tenant: 'b' });
    const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'hi' }, bearer(text))).json;
    expect((await list(text)).jobs.map((job) => job.id)).toEqual([id]);
    expect(await list(await signJwt('a', right))).toEqual({ jobs: [] });
    expect((await list(await signJwt('b', right))).jobs.map((job) => job.id)).toEqual([id]);
  });
});

test('where no tokens are needed, a wrong one is refused all the same', async () => {
  const open = await startApi(redis.url);
  expect((await open.send('GET', '/api/v1/jobs')).status).toBe(200);
  expect((await open.send('GET', '/api/v1/jobs', undefined, bearer('x'))).json.code).toBe('token.invalid');
  await open.close();
});
