import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { connect, type Socket } from 'node:net';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bridgeShares, bridgeSockets, pathOfListener, writeProof, type BridgeListener } from '@remuda/protocol';
import { expect, test } from 'vitest';
import { ask, prompt } from './running-bridge.js';
import { forwarderTo, plainBridge, tlsBridge, type TcpBridge } from './tcp-bridge.js';

const job = { job: 'job-1', worker: 'w-1', lease: 1 };

/** Says something over a connection to the bridge's address, and reads all that comes back. */
async function say(run: TcpBridge, text: string): Promise<string> {
  const socket = dial(run);
  socket.write(text);
  return (await socket.toArray()).join('');
}

function dial(run: TcpBridge): Socket {
  const { hostname, port } = run.url;
  const to = { host: hostname, port: Number(port) };
  const socket = run.ca === undefined ? connect(to) : connectTls({ ...to, ca: run.ca });
  return socket.on('error', () => undefined);
}

interface Request {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request for a listener, as a worker sends it. */
function requestFor(
  run: TcpBridge,
  { path = pathOfListener('model'), method = 'GET', headers = {} }: Request = {},
): string {
  const all = {
    host: run.url.host,
    connection: 'Upgrade',
    upgrade: 'remuda',
    authorization: writeProof({ worker: 'w-1', credential: run.credential('w-1') }),
    ...headers,
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

test.each([
  ['without TLS', plainBridge],
  ['with TLS', tlsBridge],
])('a job reaches the model over TCP %s, through sockets as on the same machine', async (_how, start) => {
  await using run = await start();
  await using worker = await forwarderTo(run, 'w-1');
  await run.grant('t', job);
  const reply = await ask({ addresses: worker.sockets }, { token: 't', body: prompt('hi') });
  expect(reply).toMatchObject({ status: 200 });
  expect(reply.body).toContain('message_stop');
  expect(run.model.requests).toHaveLength(1);
});

test('a bridge without sockets makes no folder, and serves over TCP all the same', async () => {
  await using run = await plainBridge({ REMUDA_BRIDGE_SOCKETS: 'off' });
  await using worker = await forwarderTo(run, 'w-2');
  await run.grant('t', { ...job, worker: 'w-2' });
  expect((await ask({ addresses: worker.sockets }, { token: 't', body: prompt('hi') })).status).toBe(200);
  expect(existsSync(join(run.folder, 's'))).toBe(false);
});

test("a token of another worker's job opens nothing over TCP either", async () => {
  await using run = await plainBridge();
  await using worker = await forwarderTo(run, 'w-2');
  await run.grant('t', job);
  expect((await ask({ addresses: worker.sockets }, { token: 't', body: prompt('hi') })).status).toBe(401);
  expect(run.model.requests).toEqual([]);
});

test.each<[string, number, (run: TcpBridge) => Request]>([
  ['no credential', 401, () => ({ headers: { authorization: '' } })],
  ['a wrong credential', 401, () => ({ headers: { authorization: writeProof({ worker: 'w-1', credential: 'no' }) } })],
  [
    "another worker's credential",
    401,
    (run) => ({ headers: { authorization: writeProof({ worker: 'w-1', credential: run.credential('w-2') }) } }),
  ],
  [
    'a worker that there is not',
    401,
    () => ({ headers: { authorization: writeProof({ worker: 'w-9', credential: 'x' }) } }),
  ],
  [
    'a worker whose name is none',
    401,
    () => ({ headers: { authorization: writeProof({ worker: 'w*', credential: 'x' }) } }),
  ],
  ['a proof of another kind', 401, () => ({ headers: { authorization: 'Bearer x' } })],
  ['a listener that there is not', 404, () => ({ path: '/listeners/docker' })],
  ['a path with something behind it', 404, () => ({ path: '/listeners/model?x' })],
  ['another method', 400, () => ({ method: 'POST' })],
  ['a body', 400, () => ({ headers: { 'content-length': '3' } })],
  ['no upgrade', 426, () => ({ headers: { connection: 'close', upgrade: '' } })],
  ['another upgrade', 426, () => ({ headers: { upgrade: 'websocket' } })],
  ['the mark of a page', 403, () => ({ headers: { origin: 'https://evil.example' } })],
  ['the mark of a browser', 403, () => ({ headers: { 'sec-fetch-site': 'none' } })],
  ['a head that is too long', 431, () => ({ headers: { 'x-long': 'x'.repeat(10_000) } })],
  ['nothing wrong', 101, () => ({})],
])('%s is answered with %i', async (_what, status, request) => {
  await using run = await tlsBridge();
  expect(await say(run, requestFor(run, request(run)))).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
  expect(run.log.join('\n')).not.toContain(run.credential('w-1'));
});

test('who speaks before it was let in is not', async () => {
  await using run = await plainBridge();
  expect(await say(run, `${requestFor(run, { path: pathOfListener('redis') })}PING\r\n`)).toMatch(/^HTTP\/1.1 400 /);
});

test.each(['model', 'snapshot', 'redis'] as const)(
  'of %s a worker has its share whichever way it comes, and its neighbour its own',
  async (listener) => {
    await using run = await plainBridge();
    const enter = async (worker: string): Promise<{ readonly status: string; readonly socket: Socket }> => {
      const socket = dial(run);
      const authorization = writeProof({ worker, credential: run.credential(worker) });
      socket.write(requestFor(run, { path: pathOfListener(listener), headers: { authorization } }));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      // It says something, so that it is not closed for its silence.
      socket.write(listener === 'redis' ? 'PING\r\n' : 'HEAD / HT');
      return { status: answer.toString().slice(9, 12), socket };
    };
    const share = bridgeShares[listener];
    const mine = await Promise.all(Array.from({ length: share + 5 }, () => enter('w-1')));
    expect(mine.filter(({ status }) => status === '101')).toHaveLength(share);
    expect(mine.filter(({ status }) => status === '429')).toHaveLength(5);
    const near = connect(run.sockets('w-1')[listener]).on('error', () => undefined);
    await once(near.resume(), 'close');
    expect((await enter('w-2')).status).toBe('101');
    mine.find(({ status }) => status === '101')?.socket.destroy();
    await expect.poll(async () => (await enter('w-1')).status).toBe('101');
  },
);

test('who says nothing after it was let in is closed', async () => {
  await using run = await tlsBridge();
  for (const listener of Object.keys(bridgeSockets) as BridgeListener[]) {
    const socket = dial(run);
    socket.write(requestFor(run, { path: pathOfListener(listener) }));
    await once(socket.resume(), 'close');
  }
});
