import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { pathOfListener, writeProof } from '@remuda/protocol';
import { RedisWorkerListeners, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { expect, test } from 'vitest';
import type { BridgeParts } from '../../../apps/bridge/src/bridge.js';
import { ask, openAsk, prompt } from './running-bridge.js';
import { forwarderTo, plainBridge, tlsBridge, type Forwarder, type TcpBridge } from './tcp-bridge.js';
import { makeAuthority } from '../../certificates.js';

const job = { job: 'job-1', worker: 'w-1', lease: 1 };
const dayMs = 86_400_000;

/** What becomes of a request that a worker's Claude Code sends: its status, or the error's code. */
async function outcomeOf(worker: Forwarder, token = 't'): Promise<unknown> {
  return ask({ addresses: worker.sockets }, { token, body: prompt('hi'), alone: true }).then(
    ({ status }) => status,
    (error: unknown) => (error as NodeJS.ErrnoException).code,
  );
}

const names = ['localhost', '127.0.0.1'];
test.each([
  ['has expired', { names, from: new Date(Date.now() - 9 * dayMs), until: new Date(Date.now() - dayMs) }, /expired/],
  [
    'is not good yet',
    { names, from: new Date(Date.now() + dayMs), until: new Date(Date.now() + 2 * dayMs) },
    /not yet valid/,
  ],
  ['is for another name', { names: ['other.example', '127.0.0.9'] }, /does not match/],
])('a worker says nothing of itself to a bridge whose certificate %s', async (_how, leaf, reason) => {
  await using run = await tlsBridge({}, undefined, leaf);
  await using worker = await forwarderTo(run, 'w-1');
  await run.grant('t', job);
  expect(await outcomeOf(worker)).toBe('ECONNRESET');
  expect(worker.log.join('\n')).toMatch(reason);
  expect((await figures(run)).filter((line) => line.includes('let_in'))).toEqual([]);
});

test('a worker says nothing of itself to a bridge whose certificate is by somebody else', async () => {
  await using run = await tlsBridge();
  await using worker = await forwarderTo({ ...run, ca: makeAuthority().ca }, 'w-1');
  await using trusting = await forwarderTo({ ...run, ca: undefined }, 'w-1');
  expect(await outcomeOf(worker)).toBe('ECONNRESET');
  expect(await outcomeOf(trusting)).toBe('ECONNRESET');
  for (const { log } of [worker, trusting])
    expect(log.join('\n')).toMatch(/self-signed|unable to verify|signature failure/);
});

test('a worker that comes without TLS to a bridge with it is refused, and the other way round', async () => {
  await using secure = await tlsBridge();
  await using bare = await plainBridge();
  const without = { ...secure, url: new URL(secure.url.href.replace('https:', 'http:')), ca: undefined };
  const within = { ...bare, url: new URL(bare.url.href.replace('http:', 'https:')), ca: secure.ca };
  for (const wrong of [without, within]) {
    await using worker = await forwarderTo(wrong, 'w-1');
    expect(await outcomeOf(worker)).toBe('ECONNRESET');
  }
  expect((await figures(secure)).join('\n')).toMatch(/entries_total\{.*outcome="no_tls".*\} 1/);
});

test('TLS older than 1.2 is not spoken', async () => {
  await using run = await tlsBridge();
  const { hostname: host, port } = run.url;
  const old = connectTls({ host, port: Number(port), ca: run.ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
  const [error] = (await once(old, 'error')) as [Error];
  expect(error.message).toMatch(/protocol|alert|ssl/i);
});

/** The lines of the bridge's figures about those who came over TCP. */
async function figures({ bridge }: TcpBridge): Promise<readonly string[]> {
  const text = await (await fetch(`${bridge.addresses.adminUrl}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('remuda_bridge_entries_total'));
}

const slow = { most: 8, mostEach: 8, limitMs: 300 };
const withSlow = (parts: BridgeParts): BridgeParts => ({ ...parts, entryLimits: slow });

test.each([
  ['nothing', ''],
  ['half a request', 'GET /listeners/model HTTP/1.1\r\nhost: x\r\n'],
])('who says %s is closed, with TLS and without it', async (_what, text) => {
  await using secure = await tlsBridge({}, withSlow);
  await using bare = await plainBridge({}, withSlow);
  for (const run of [secure, bare]) {
    const socket = connect(Number(run.url.port), run.url.hostname).on('error', () => undefined);
    if (text !== '') socket.write(text);
    await once(socket.resume(), 'close');
  }
  const shaken = connectTls({ host: '127.0.0.1', port: Number(secure.url.port), ca: secure.ca });
  shaken.on('error', () => undefined).write(text === '' ? ' ' : text);
  await once(shaken.resume(), 'close');
  expect((await figures(bare)).join('\n')).toMatch(/outcome="late".*\} 1/);
});

/** Connections to a worker's Redis listener, which were let in. */
async function letIn(run: TcpBridge, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  const authorization = writeProof({ worker: 'w-1', credential: run.credential('w-1') });
  const head = `GET ${pathOfListener('redis')} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: remuda\r\n`;
  while (sockets.length < count) {
    const socket = connect(Number(run.url.port), run.url.hostname).on('error', () => undefined);
    socket.write(`${head}authorization: ${authorization}\r\n\r\n`);
    expect(String(await once(socket, 'data'))).toContain('101');
    sockets.push(socket);
    await ping(socket);
  }
  return sockets;
}

async function ping(socket: Socket): Promise<void> {
  socket.write('PING\r\n');
  expect(String(await once(socket, 'data'))).toMatch(/PONG|NOAUTH/);
}

test('so many unproven connections and no more are open', async () => {
  const patient = { ...slow, limitMs: 60_000 };
  await using run = await plainBridge({}, (parts) => ({ ...parts, entryLimits: patient }));
  await using worker = await forwarderTo(run, 'w-1');
  await run.grant('t', job);
  const dial = (): Socket =>
    connect(Number(run.url.port), run.url.hostname)
      .on('error', () => undefined)
      .resume();
  const held = Array.from({ length: 8 }, dial);
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  await once(dial(), 'close');
  expect(await outcomeOf(worker)).toBe('ECONNRESET');
  for (const socket of held) socket.destroy();
  await expect.poll(() => outcomeOf(worker)).toBe(200);
});

test('those that have proven themselves do not count as unproven, and stay', async () => {
  const limits = { most: 4, mostEach: 4, limitMs: 3_000 };
  await using run = await plainBridge({}, (parts) => ({ ...parts, entryLimits: limits }));
  const sockets = await letIn(run, 10);
  const silent = connect(Number(run.url.port), run.url.hostname).on('error', () => undefined);
  await once(silent.resume(), 'close');
  for (const socket of sockets) await ping(socket);
});

test('a certificate that was renewed is shown to who comes next, and half a file is not taken for one', async () => {
  const naps: (() => void)[] = [];
  await using run = await tlsBridge({}, (parts) => ({
    ...parts,
    clock: {
      now: () => parts.clock.now(),
      monotonic: () => parts.clock.monotonic(),
      sleep: (ms, signal) =>
        ms === 10_000 ? new Promise((resolve) => naps.push(resolve)) : parts.clock.sleep(ms, signal),
    },
  }));
  const serial = async (): Promise<string> => {
    const socket = connectTls({ host: '127.0.0.1', port: Number(run.url.port), ca: run.ca });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const look = async (): Promise<void> => {
    for (const wake of naps.splice(0)) wake();
    await expect.poll(() => naps.length).toBeGreaterThan(0);
  };
  const expiry = async (): Promise<number> => {
    const figures = await (await fetch(`${run.bridge.addresses.adminUrl}/metrics`)).text();
    return Number(/^remuda_bridge_certificate_not_after_timestamp_seconds\{.*\} (\d+)$/m.exec(figures)?.[1]);
  };
  const inDays = async (): Promise<number> => Math.round(((await expiry()) - Date.now() / 1_000) / 86_400);
  const first = await serial();
  expect(await inDays()).toBe(1);
  const next = run.issue({ names, until: new Date(Date.now() + 30 * 86_400_000) });
  await run.install({ ...next, cert: next.cert.slice(0, 200) });
  await look();
  expect(await serial()).toBe(first);
  await run.install({ ...next, key: run.issue({ names }).key });
  await look();
  expect(await serial()).toBe(first);
  await run.install(next);
  await look();
  expect(await serial()).not.toBe(first);
  expect(await inDays()).toBe(30);
  expect(run.log.join('\n')).toContain('the certificate was reloaded');
});

test("a worker's credential ends with its record, and what is open with it", async () => {
  await using run = await plainBridge();
  await using worker = await forwarderTo(run, 'w-1');
  await run.grant('t', job);
  const redis = connectRaw(run.redis.url, { name: 'test' });
  const keys = redisKeys('remuda');
  const [socket] = await letIn(run, 1);
  if (!socket) throw new Error('Nobody was let in.');
  await redis.multi().srem(keys.workers, 'w-1').del(keys.worker('w-1')).exec();
  await new RedisWorkerListeners(redis, keys).say('w-1');
  await once(socket.resume(), 'close');
  expect(await outcomeOf(worker)).toBe('ECONNRESET');
  expect(worker.log.join('\n')).toContain('401');
  redis.disconnect();
});

test('while Redis is away nobody is let in, and who is in stays', async () => {
  await using run = await plainBridge();
  await using worker = await forwarderTo(run, 'w-1');
  await run.redis.stop();
  expect(await outcomeOf(worker)).toBe('ECONNRESET');
  expect(worker.log.join('\n')).toContain('503');
  await run.redis.start();
});

test('a bridge that is away is told of once, and who connects is closed at once', async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port } = nobody.address() as AddressInfo;
  nobody.close();
  await once(nobody, 'close');
  const away = { url: new URL(`http://127.0.0.1:${String(port)}`), ca: undefined, credential: () => 'x' };
  await using worker = await forwarderTo(away, 'w-1');
  for (let n = 0; n < 3; n++) expect(await outcomeOf(worker)).toBe('ECONNRESET');
  expect(worker.log.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);
  expect(worker.log.join('\n')).not.toContain(writeProof({ worker: 'w-1', credential: 'x' }));
});

test('a bridge that ends takes nobody in, and lets an answer under way come to its end', async () => {
  await using run = await tlsBridge();
  await using worker = await forwarderTo(run, 'w-1');
  await run.grant('t', job);
  const idle = await ask({ addresses: worker.sockets }, { token: 't', body: prompt('hi') });
  expect(idle.status).toBe(200);
  const answer = await openAsk({ addresses: worker.sockets }, { token: 't', body: prompt('hi') });
  const closed = run.bridge.close(10_000);
  const chunks = await answer.toArray();
  expect(Buffer.concat(chunks as Buffer[]).toString()).toContain('message_stop');
  await closed;
  expect(await outcomeOf(worker)).toBe('ECONNRESET');
});
