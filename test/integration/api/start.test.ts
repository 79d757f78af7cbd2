import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { publish } from './running-api.js';
import { openSse } from './sse-client.js';

const main = fileURLToPath(new URL('../../../apps/api/dist/main.js', import.meta.url));

const keysMain = fileURLToPath(new URL('../../../apps/api/dist/keys/main.js', import.meta.url));

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.close());

/** Runs the api as a process of its own. */
function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], REMUDA_API_PORT: '0', REMUDA_REDIS_URL: redis.url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, exit, errors: text(child.stderr) };
}

/** Runs it until it listens. */
async function listening(env: Record<string, string> = {}) {
  const running = run(env);
  for await (const line of createInterface(running.child.stdout)) {
    const { url } = JSON.parse(line) as { url?: string };
    if (url !== undefined) return { ...running, url };
  }
  throw new Error(await running.errors);
}

test('faults of the environment are all told, each on a line, and it ends with 78', async () => {
  const { exit, errors } = run({ REMUDA_API_PORT: 'x', REMUDA_LOG_LEVEL: 'loud', REMUDA_NAMESPACE: 'A:B' });
  expect(await exit).toEqual([78, null]);
  const lines = (await errors).trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe('remuda api does not start [config.invalid] The environment has 3 fault(s):');
  expect(lines.slice(1).map((line) => line.trim().split(':')[0])).toEqual([
    'REMUDA_API_PORT',
    'REMUDA_NAMESPACE',
    'REMUDA_LOG_LEVEL',
  ]);
});

test('it does not start on keys of a newer release, also where Redis comes later, and leaves them alone', async () => {
  const env = { REMUDA_NAMESPACE: 'newer' };
  const keys = redisKeys('newer');
  const admin = connectRaw(redis.url, { name: 'admin' });
  await admin.set(keys.format, '2');
  const early = run(env);
  expect(await early.exit).toEqual([78, null]);
  expect(await early.errors).toMatch(/^remuda api does not start \[format\.unsupported\].*"2".*knows 1\./);
  await redis.stop();
  const late = await listening(env);
  await redis.start();
  expect(await late.exit).toEqual([78, null]);
  expect(await admin.get(keys.format)).toBe('2');
  admin.disconnect();
});

test('a Redis URL that is none is told without its password', async () => {
  const { exit, errors } = run({ REMUDA_REDIS_URL: 'http://:hunter2@localhost' });
  expect(await exit).toEqual([78, null]);
  expect(await errors).toMatch(/config\.invalid/);
  expect(await errors).not.toMatch(/hunter2| at /);
});

test('a port in use is told in a sentence', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { exit, errors } = run({ REMUDA_API_PORT: String(port) });
  expect(await exit).toEqual([78, null]);
  expect(await errors).toBe(
    `remuda api does not start [config.invalid] Cannot listen on 127.0.0.1:${port}: the port is in use\n`,
  );
  taken.close();
});

test('SIGTERM ends open streams and then the process, with 0', async () => {
  await publish(redis.url, 'remuda', ['default']);
  const { child, url, exit } = await listening();
  const headers = { 'content-type': 'application/json' };
  const submitted = await fetch(`${url}/api/v1/jobs`, { method: 'POST', headers, body: '{"prompt":"hi"}' });
  const { id } = (await submitted.json()) as { id: string };
  const stream = await openSse(url, id);
  expect((await stream.next())?.type).toBe('job.queued');
  child.kill('SIGTERM');
  expect(await stream.next()).toBeUndefined();
  expect(await exit).toEqual([0, null]);
});

test('where others can reach it, it does not start without tokens, and says what to set', async () => {
  const { exit, errors } = run({ REMUDA_API_HOST: '0.0.0.0' });
  expect(await exit).toEqual([78, null]);
  expect(await errors).toMatch(
    /config\.invalid.*0\.0\.0\.0.*REMUDA_API_TOKENS=1.*REMUDA_JWT_SECRET.*REMUDA_ALLOW_NO_TOKENS=1/,
  );
});

test('told so loudly, it starts there, and says at each start who may use it', async () => {
  const { child, exit } = run({ REMUDA_API_HOST: '0.0.0.0', REMUDA_ALLOW_NO_TOKENS: '1' });
  const told: { level: string; msg: string }[] = [];
  for await (const line of createInterface(child.stdout)) {
    const read = JSON.parse(line) as { level: string; msg: string; url?: string };
    told.push(read);
    if (read.url !== undefined) child.kill('SIGTERM');
  }
  expect(told).toContainEqual(
    expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/^ANYONE/) as string }),
  );
  expect(await exit).toEqual([0, null]);
});

test('a key that the command creates is accepted, until the command revokes it', async () => {
  const command = async (...words: string[]): Promise<string> => {
    const child = spawn(process.execPath, [keysMain, ...words], {
      env: { PATH: process.env['PATH'], REMUDA_REDIS_URL: redis.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return (await text(child.stdout)).trim();
  };
  const { child, url, exit } = await listening({ REMUDA_API_TOKENS: '1' });
  const key = await command('create', '--tenant', 'a', '--scopes', 'jobs:read', '--name', 'ci');
  const ask = async (): Promise<number> =>
    (await fetch(`${url}/api/v1/jobs`, { headers: { authorization: `Bearer ${key}` } })).status;
  expect(await ask()).toBe(200);
  const listed = await command('list');
  expect(listed).toMatch(/^[0-9a-f]{16} {2}a {2}jobs:read {2}created .* {2}valid {2}ci$/);
  expect(listed).not.toContain(key.split('_')[2]);
  await command('revoke', listed.split(' ')[0] ?? '');
  await expect.poll(ask, { timeout: 5_000 }).toBe(401);
  child.kill('SIGTERM');
  await exit;
});
