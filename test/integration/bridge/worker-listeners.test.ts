import { maxBodyBytes } from '@remuda/model';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { RedisWorkerListeners, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { expect, test } from 'vitest';
import { modelBytes } from '../../../apps/bridge/src/workers/worker-servers.js';
import { ask, prompt, runBridge, type WorkerSockets } from './running-bridge.js';

const job = { job: 'job-1', worker: 'w-1', lease: 1 };
/** Nearly as much as one request may have. */
const largeBytes = maxBodyBytes - 1024;
const listeners: readonly (keyof WorkerSockets)[] = ['model', 'git', 'snapshot', 'redis'];

/** A connection that says nothing; what is told to it is read. */
function silent(path: string): Socket {
  return connect(path)
    .on('error', () => undefined)
    .resume();
}

test.each(listeners)('who says nothing at the %s socket is closed', async (listener) => {
  await using run = await runBridge();
  await once(silent(run.sockets('w-1')[listener]), 'close');
});

test.each(listeners)(
  'as many silent connections as one worker likes keep no other from its %s socket',
  async (listener) => {
    await using run = await runBridge();
    const taken = Array.from({ length: 300 }, () => silent(run.sockets('w-1')[listener]));
    const other = connect(run.sockets('w-2')[listener]);
    other.write(
      listener === 'git'
        ? '{"token":"none"}\n'
        : listener === 'redis'
          ? 'PING\r\n'
          : 'HEAD / HTTP/1.1\r\nhost: x\r\n\r\n',
    );
    await once(other, 'data');
    other.destroy();
    await Promise.all(taken.filter((socket) => !socket.closed).map((socket) => once(socket, 'close')));
  },
);

test("what one worker may not have is closed at once, and its neighbour's is not", async () => {
  await using run = await runBridge();
  const hold = async (worker: string, until: number): Promise<Socket[]> => {
    const held: Socket[] = [];
    for (let i = 0; i < until; i++) {
      const socket = connect(run.sockets(worker).redis).on('error', () => undefined);
      socket.write('PING\r\n');
      await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
      if (socket.closed) return held;
      held.push(socket);
    }
    return held;
  };
  const mine = await hold('w-1', 30);
  expect(mine).toHaveLength(16);
  const theirs = await hold('w-2', 4);
  expect(theirs).toHaveLength(4);
  for (const socket of [...mine, ...theirs]) socket.destroy();
});

test("a token of another worker's job opens none of a worker's sockets", async () => {
  await using run = await runBridge();
  await run.grant('theirs', { ...job, worker: 'w-2', git: { url: 'https://git.example.test/x.git' } });
  expect((await ask(run.bridge, { token: 'theirs', body: prompt('hi') })).status).toBe(401);
  const git = connect(run.sockets('w-1').git);
  git.write('{"token":"theirs"}\n');
  expect((await git.toArray()).join('')).toContain('this token belongs to no running job');
  expect(run.model.requests).toEqual([]);
});

test('more bytes than one worker may have under way are refused, until others of its own are done', async () => {
  await using run = await runBridge();
  await run.grant('t', job);
  const large = () => {
    const outgoing = httpRequest({
      socketPath: run.sockets('w-1').model,
      method: 'POST',
      path: '/v1/messages',
      headers: { 'x-api-key': 't', 'content-type': 'application/json', 'content-length': largeBytes },
    });
    outgoing.on('error', () => undefined).write('{"model":"claude-sonnet-4-5"');
    return outgoing;
  };
  const underWay = Array.from({ length: Math.floor(modelBytes / largeBytes) }, large);
  await Promise.all(underWay.map((outgoing) => once(outgoing, 'socket')));
  const oneMore = large();
  const [refused] = (await once(oneMore, 'response')) as [{ statusCode: number }];
  expect(refused.statusCode).toBe(503);
  for (const outgoing of [...underWay, oneMore]) outgoing.destroy();
  await expect.poll(async () => (await ask(run.bridge, { token: 't', body: prompt('hi') })).status).toBe(200);
});

test('the sockets of a worker that is gone go with it, and those who are connected', async () => {
  await using run = await runBridge();
  const redis = connectRaw(run.redis.url, { name: 'test' });
  const keys = redisKeys('remuda');
  const { redis: path, model } = run.sockets('w-1');
  const connected = connect(path);
  connected.write('PING\r\n');
  await once(connected, 'data');
  await redis.srem(keys.workers, 'w-1');
  await new RedisWorkerListeners(redis, keys).say('w-1');
  await once(connected, 'close');
  await expect.poll(() => existsSync(dirname(model))).toBe(false);
  expect(existsSync(dirname(run.sockets('w-2').model))).toBe(true);
  redis.disconnect();
});

test('a word that was missed is made up for when the connection to Redis is made again', async () => {
  await using run = await runBridge();
  const redis = connectRaw(run.redis.url, { name: 'test' });
  await redis.sadd(redisKeys('remuda').workers, 'w-3');
  await run.redis.stop();
  await run.redis.start();
  await expect.poll(() => existsSync(run.sockets('w-3').model), { timeout: 30_000 }).toBe(true);
  redis.disconnect();
});
