import { join } from 'node:path';
import { scopes } from '@remuda/domain';
import { RedisApiKeys, connectRedis, redisKeys } from '@remuda/redis';
import { hashSecret, makeApiKey } from '@remuda/runtime';
import { SignJWT } from 'jose';
import { ratioOf, spreadOf, type Figure, type Line, type LineReport } from '../figure.js';
import { part } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import type { Load, Loaded } from '../submitting/load.js';

const rounds = 9;
const forMs = 1_500;
const connections = 32;
const body = JSON.stringify({ prompt: 'x'.repeat(200) });
const path = '/api/v1/jobs';
const namespace = 'bench';
const jwtSecret = 'a secret of the benchmark, and of nothing else';

/** How a request is identified. */
type Way = 'none' | 'key' | 'jwt';
const ways: readonly Way[] = ['none', 'key', 'jwt'];

/** Submitting with a token against submitting without one. */
export const tokens: Line = {
  name: 'tokens',
  about: 'POST /jobs requests/s with an API key and with a JWT against none',
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const open = Member.start(part('api'), [redis.url, namespace]);
    const closed = Member.start(part('api'), [redis.url, namespace, jwtSecret]);
    const client = Member.start(join(import.meta.dirname, '../submitting/load.js'), []);
    const servers = { none: open, key: open, jwt: closed };
    try {
      const headers = { none: '', key: bearer(await addKey(redis.url)), jwt: bearer(await signJwt()) };
      const measure = async (way: Way, ms: number): Promise<number> => {
        const port = Number(new URL(await servers[way].ask<string>({ what: 'url' })).port);
        const load: Load = { port, path, body, connections, forMs: ms, headers: headers[way] };
        const { requests, ms: took } = await client.ask<Loaded>(load);
        return (requests / took) * 1_000;
      };
      for (const way of ways) await measure(way, 1_000);
      const measured: Record<Way, number[]> = { none: [], key: [], jwt: [] };
      for (let round = 0; round < rounds; round++) {
        // Each way is the first, the second and the third as often as the others.
        for (let i = 0; i < ways.length; i++) {
          const way = ways[(round + i) % ways.length] ?? 'none';
          measured[way].push(await measure(way, forMs));
        }
      }
      return report(measured);
    } finally {
      await Promise.all([client.end(), open.end(), closed.end()]);
    }
  },
};

const bearer = (token: string): string => `authorization: Bearer ${token}\r\n`;

async function addKey(redisUrl: string): Promise<string> {
  const connection = connectRedis(redisUrl, { name: 'bench-keys' });
  const { id, secret, text } = makeApiKey();
  const record = { id, name: 'bench', tenant: 'default', scopes, hash: hashSecret(secret), createdAt: Date.now() };
  await new RedisApiKeys(connection, redisKeys(namespace)).add(record);
  connection.close();
  return text;
}

function signJwt(): Promise<string> {
  const claims = { sub: 'bench', tenant: 'default', scope: scopes.join(' ') };
  const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h');
  return token.sign(new TextEncoder().encode(jwtSecret));
}

function report({ none, key, jwt }: Readonly<Record<Way, readonly number[]>>): LineReport {
  const target = { atLeast: 0.95 };
  const of = (what: string, values: readonly number[]): Figure => ({ what, value: spreadOf(values), unit: '/s' });
  return {
    figures: [
      { what: 'with an API key / without a token', value: ratioOf(key, none), unit: 'x', target },
      { what: 'with a JWT / without a token', value: ratioOf(jwt, none), unit: 'x', target },
      of('without a token', none),
      of('with an API key', key),
      of('with a JWT', jwt),
    ],
    notes: [
      `${connections} connections, one request after the other on each, from a process of its own. JWTs (HS256) go to an api of their own, since one that takes them refuses requests without a token.`,
    ],
  };
}
