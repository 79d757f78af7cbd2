import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectRaw } from '@remuda/redis/testing';
import { openRedis, type LocalRedis } from '../../../apps/local/src/redis/local-redis.js';
import { findRedisFacts } from '../../../apps/local/src/redis/redis-facts.js';

const facts = await findRedisFacts({ ...process.env, REMUDA_REDIS_URL: '' });

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'local-redis-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = (env: Readonly<Record<string, string | undefined>>): Promise<LocalRedis> =>
  openRedis({ env: { ...process.env, REMUDA_REDIS_URL: '', ...env }, dir, say: () => undefined });

describe.each([
  { way: 'a server on PATH', there: facts.server !== undefined, path: () => Promise.resolve(process.env['PATH']) },
  { way: 'Docker', there: facts.docker, path: () => pathWithOnly('docker') },
])('a Redis by $way', ({ there, path }) => {
  test.skipIf(!there)(
    'answers only to who knows its password, keeps what it is told, and is gone afterwards',
    async () => {
      const redis = await open({ PATH: await path() });
      try {
        await using(redis.url, async (client) => {
          expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
          expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
          expect(await client.config('GET', 'save')).toEqual(['save', '']);
        });
        expect(await answerToStranger(redis.url)).toMatch(/^-NOAUTH/);
      } finally {
        await redis.stop();
      }
      await expect(answerToStranger(redis.url)).rejects.toThrow('ECONNREFUSED');
    },
  );
});

test('a given Redis that does not answer is a clear error, and no other one takes its place', async () => {
  await expect(open({ REMUDA_REDIS_URL: 'redis://127.0.0.1:1' })).rejects.toThrow(
    /^REMUDA_REDIS_URL: no answer within 5 s/,
  );
});

test('a given Redis is used as it is, and goes on afterwards', async () => {
  const own = await open({});
  const given = await openRedis({ env: { REMUDA_REDIS_URL: own.url }, dir, say: () => undefined });
  expect(given).toMatchObject({ url: own.url, given: true });
  await given.stop();
  await using(own.url, async (client) => {
    expect(await client.ping()).toBe('PONG');
  });
  await own.stop();
});

async function using(url: string, body: (client: ReturnType<typeof connectRaw>) => Promise<void>): Promise<void> {
  const client = connectRaw(url, { name: 'test' });
  try {
    await body(client);
  } finally {
    client.disconnect();
  }
}

/** What a Redis says to a client that shows no password. */
async function answerToStranger(url: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    socket.write('PING\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
}

/** A PATH on which one program is, and what it needs of the system. */
async function pathWithOnly(program: string): Promise<string> {
  const bin = join(dir, 'bin');
  await mkdir(bin);
  const found = execFileSync('sh', ['-c', `command -v ${program}`])
    .toString()
    .trim();
  await symlink(found, join(bin, program));
  return bin;
}
