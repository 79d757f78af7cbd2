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

// Short and many: what else runs on the machine then hits all ways alike.
const rounds = 30;
const forMs = 500;
const connections = 32;
const body = JSON.stringify({ prompt: 'x'.repeat(200) });
const path = '/api/v1/jobs';
const namespace = 'bench';
const jwtSecret = 'a secret of the benchmark, and of nothing else';

/** How a request is identified. */
type Way = 'none' | 'key' | 'jwt';

interface Rate {
  readonly perSecond: number;
  /** CPU time of the api's process for one request. */
  readonly cpuUs: number;
}
const ways: readonly Way[] = ['none', 'key', 'jwt'];

/** Submitting with a token against submitting without one. */
export const tokens: Line = {
  name: 'tokens',
  about: 'POST /jobs requests/s with an API key and with a JWT against none',
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    // One for each way, so that each has done as much as the others.
    const start = (secret = ''): Member => Member.start(part('api'), [redis.url, namespace, secret]);
    const servers = { none: start(), key: start(), jwt: start(jwtSecret) };
    const client = Member.start(join(import.meta.dirname, '../submitting/load.js'), []);
    try {
      const headers = { none: '', key: bearer(await addKey(redis.url)), jwt: bearer(await signJwt()) };
      const measure = async (way: Way, ms: number): Promise<Rate> => {
        const before = await servers[way].ask<number>({ what: 'cpu' });
        const port = Number(new URL(await servers[way].ask<string>({ what: 'url' })).port);
        const load: Load = { port, path, body, connections, forMs: ms, headers: headers[way] };
        const { requests, ms: took } = await client.ask<Loaded>(load);
        const cpuUs = ((await servers[way].ask<number>({ what: 'cpu' })) - before) / requests;
        return { perSecond: (requests / took) * 1_000, cpuUs };
      };
      for (const way of ways) await measure(way, 2_000);
      const measured: Record<Way, Rate[]> = { none: [], key: [], jwt: [] };
      for (let round = 0; round < rounds; round++) {
        // Each way is the first, the second and the third as often as the others.
        for (let i = 0; i < ways.length; i++) {
          const way = ways[(round + i) % ways.length] ?? 'none';
          measured[way].push(await measure(way, forMs));
        }
      }
      return report(measured);
    } finally {
      await Promise.all([client, ...Object.values(servers)].map((member) => member.end()));
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

function report(measured: Readonly<Record<Way, readonly Rate[]>>): LineReport {
  const rate = (way: Way): number[] => measured[way].map((each) => each.perSecond);
  const cpu = (way: Way): number[] => measured[way].map((each) => each.cpuUs);
  const against = (way: Way, what: string): Figure[] => [
    { what: `${what} / none`, value: ratioOf(rate(way), rate('none')), unit: 'x', target: { atLeast: 0.95 } },
    { what: `CPU with ${what} / none`, value: ratioOf(cpu(way), cpu('none')), unit: 'x', target: { atMost: 1.05 } },
  ];
  return {
    figures: [
      ...against('key', 'an API key'),
      ...against('jwt', 'a JWT'),
      ...ways.map((way): Figure => ({ what: `POST /jobs, ${way}`, value: spreadOf(rate(way)), unit: '/s' })),
      ...ways.map((way): Figure => ({ what: `CPU for one, ${way}`, value: spreadOf(cpu(way)), unit: 'µs' })),
    ],
    notes: [
      `${connections} connections, one request after the other on each, from a process of its own. Each way has an api of its own, as one that takes JWTs (HS256 here) refuses requests without a token.`,
    ],
  };
}
