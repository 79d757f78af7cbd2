import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, exportSPKI, generateKeyPair, type CryptoKey } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../redis.js';
import { bearer } from './jwt.js';
import { startApi, type RunningApi } from './running-api.js';

interface Signer {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

async function makeSigner(kid: string, alg = 'RS256'): Promise<Signer> {
  return { kid, alg, ...(await generateKeyPair(alg, { extractable: true })) };
}

const claims = { iss: 'https://issuer.example', aud: 'remuda', sub: 'ann', tenant: 'a', scope: 'jobs:read' };
function sign({ kid, alg, privateKey }: Signer): Promise<string> {
  const token = new SignJWT(claims).setProtectedHeader({ alg, kid }).setExpirationTime('1h');
  return token.sign(privateKey);
}

const jwks = async (...signers: readonly Signer[]) => ({
  keys: await Promise.all(
    signers.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })),
  ),
});

/** An issuer, which answers as the test says. */
let issuer: ReturnType<typeof createServer>;
let answer: RequestListener = () => undefined;
let asked = 0;
let redis: TestRedis;
beforeAll(async () => {
  issuer = createServer((request, response) => {
    asked++;
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  redis = await startRedis();
});
afterAll(async () => {
  issuer.closeAllConnections();
  issuer.close();
  await redis.close();
});
beforeEach(() => {
  asked = 0;
});

const serve = (document: object): void => {
  answer = (_request, response) => response.end(JSON.stringify(document));
};

/** An api that trusts the issuer, until the test is over. */
async function trusting(): Promise<RunningApi & AsyncDisposable> {
  const { port } = issuer.address() as AddressInfo;
  const env = {
    REMUDA_JWKS_URL: `http://127.0.0.1:${String(port)}/jwks`,
    REMUDA_JWT_ISSUER: claims.iss,
    REMUDA_JWT_AUDIENCE: claims.aud,
  };
  const api = await startApi(redis.url, { env });
  return { ...api, [Symbol.asyncDispose]: () => api.close() };
}

const list = async (api: RunningApi, token: string) => {
  const { status, json, headers } = await api.send('GET', '/api/v1/jobs', undefined, bearer(token));
  return { status, code: json.code, detail: json.detail, headers };
};

test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])(
  'a token that is signed with %s by a key of the issuer is accepted',
  async (alg) => {
    const signer = await makeSigner('one', alg);
    serve(await jwks(signer));
    await using api = await trusting();
    for (let times = 0; times < 3; times++) expect((await list(api, await sign(signer))).status).toBe(200);
    expect(asked).toBe(1);
  },
);

test('a new key of the issuer is found within seconds; keys that nobody has do not load the issuer', async () => {
  const [old, next, foreign] = await Promise.all(['old', 'next', 'foreign'].map((kid) => makeSigner(kid, 'ES256')));
  serve(await jwks(old!));
  await using api = await trusting();
  expect((await list(api, await sign(foreign!))).code).toBe('token.invalid');
  for (let times = 0; times < 20; times++) expect((await list(api, await sign(foreign!))).code).toBe('token.invalid');
  expect(asked).toBe(1);
  expect((await list(api, await sign(old!))).status).toBe(200);
  serve(await jwks(old!, next!));
  await expect
    .poll(async () => (await list(api, await sign(next!))).status, { timeout: 20_000, interval: 500 })
    .toBe(200);
  expect(asked).toBe(2);
});

const huge = 'x'.repeat(64 * 1024);
test.each<[string, RequestListener, RegExp]>([
  ['fails', (_request, response) => response.writeHead(500).end(), /answered 500/],
  ['is gone', (request) => request.socket.destroy(), /fetch failed/],
  ['says something else', (_request, response) => response.end('<html>'), /no JWK set/],
  ['redirects', (_request, response) => response.writeHead(302, { location: '/other' }).end(), /fetch failed/],
  [
    'never stops talking',
    (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(huge));
      };
      response.on('drain', more);
      more();
    },
    /more than 262144 bytes/,
  ],
  ['does not answer', () => undefined, /timeout/],
])(
  'an issuer that %s: no token can be checked, the answer says so within seconds, and health is not affected',
  async (_what, how, reason) => {
    const signer = await makeSigner('one', 'ES256');
    answer = how;
    await using api = await trusting();
    const began = performance.now();
    const { status, code, detail, headers } = await list(api, await sign(signer));
    expect([status, code]).toEqual([503, 'token.unverifiable']);
    expect(detail).toMatch(reason);
    expect(headers.get('retry-after')).toBe('10');
    expect(performance.now() - began).toBeLessThan(6_000);
    expect((await api.send('GET', '/health/ready')).status).toBe(200);
  },
);

test('the last keys go on while the issuer is down', async () => {
  const [signer, foreign] = [await makeSigner('one', 'ES256'), await makeSigner('other', 'ES256')];
  serve(await jwks(signer));
  await using api = await trusting();
  expect((await list(api, await sign(signer))).status).toBe(200);
  answer = (request) => request.socket.destroy();
  expect((await list(api, await sign(foreign))).code).toBe('token.invalid');
  for (let times = 0; times < 3; times++)
    expect(
      (
        await list(
          api,
          await new SignJWT({ ...claims, n: times })
            .setProtectedHeader({ alg: 'ES256', kid: 'one' })
            .setExpirationTime('1h')
            .sign(signer.privateKey),
        )
      ).status,
    ).toBe(200);
});

test('a public key is no secret: a token that is signed with its text is refused, and so is a secret key in the set', async () => {
  const signer = await makeSigner('one');
  const { keys } = await jwks(signer);
  const secret = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
  serve({ keys: [...keys, { kty: 'oct', kid: 'two', alg: 'HS256', k: Buffer.from(secret).toString('base64url') }] });
  await using api = await trusting();
  const text = new TextEncoder().encode(await exportSPKI(signer.publicKey));
  for (const [kid, key] of [
    ['one', text],
    ['two', secret],
  ] as const) {
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).setExpirationTime('1h').sign(key);
    expect((await list(api, token)).code).toBe('token.invalid');
  }
  expect((await list(api, await sign(signer))).status).toBe(200);
});
