import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, enter, exchange, headOf, listen, serve, serveHttp, serveHttps, tunnel } from './egress-door.js';
import { runBridge, type RunningBridge } from './running-bridge.js';

/** What names resolve to. */
const names = new Map<string, readonly string[]>();
const looked: string[] = [];
let running: RunningBridge;
let door: string;

beforeAll(async () => {
  const resolve = async (name: string): Promise<readonly string[]> => {
    looked.push(name);
    const found = names.get(name);
    return found ? Promise.resolve(found) : Promise.reject(new Error('ENOTFOUND'));
  };
  const env = { REMUDA_EGRESS_HOSTS: '127.0.0.1', REMUDA_EGRESS_MAX_MB: '1', REMUDA_EGRESS_IDLE_MS: '2000' };
  running = await runBridge(env, (parts) => ({ ...parts, resolve }));
  door = running.bridge.addresses.egress;
});
afterAll(() => running[Symbol.asyncDispose]());

let jobs = 0;
/** A running job that may reach these; its token is returned. */
async function runs(...egress: readonly string[]): Promise<string> {
  const token = `token-${String(++jobs)}`;
  await running.grant(token, { job: `job-${String(jobs)}`, worker: 'w-1', lease: 1, egress });
  return token;
}

test('a plain request goes to an allowed host, and its answer comes back', async () => {
  await using registry = await serveHttp((request, response) => {
    const { host, connection, 'proxy-connection': proxied } = request.headers;
    response.setHeader('x-kept', 'yes').end(JSON.stringify({ url: request.url, host, connection, proxied }));
  });
  names.set('registry.example', ['127.0.0.1']);
  const token = await runs(`registry.example:${String(registry.port)}`);
  const url = `http://Registry.Example.:${String(registry.port)}/a?b=c`;
  const answer = await exchange(
    enter(door, token),
    `GET ${url} HTTP/1.1\r\nHost: other.example\r\nProxy-Connection: x\r\nConnection: close\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain('x-kept: yes');
  const host = `registry.example:${String(registry.port)}`;
  expect(answer).toContain(JSON.stringify({ url: '/a?b=c', host, connection: 'close' }));
});

test('a host that no rule names is refused at once and not looked up; the worker is told once', async () => {
  const token = await runs('registry.example');
  const feed = listen(door, token);
  looked.length = 0;
  for (let i = 0; i < 2; i++) {
    const { socket, head } = await tunnel(door, token, 'secret.evil.example:443');
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n.*x-remuda-refused: not_allowed/s);
    socket.destroy();
  }
  const answer = await exchange(enter(door, token), 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n');
  expect(answer).toContain('remuda: evil.example:80 is not among the hosts that this job may reach (egress).');
  feed.socket.end();
  await once(feed.socket, 'close');
  expect(feed.lines).toEqual([
    { host: 'secret.evil.example', port: 443, reason: 'not_allowed' },
    { host: 'evil.example', port: 80, reason: 'not_allowed' },
  ]);
  expect(looked).toEqual([]);
  // a host may be named after a secret
  expect(running.log.filter((line) => line.includes('evil.example'))).toEqual([]);
});

test.each([
  ['127.0.0.2', '10.1.2.3', '192.168.1.1', '172.16.0.1', '169.254.169.254', '100.64.1.1', '0.0.0.0', '224.0.0.1'],
  ['::1', 'fd00::1', 'fe80::1', '::ffff:127.0.0.2', '::ffff:a9fe:a9fe', 'fd00:ec2::254', 'ff02::1', '64:ff9b::a01:203'],
])('a name that resolves to an address that is not public is refused: %s …', async (...addresses) => {
  const token = await runs('inside.example');
  const feed = listen(door, token);
  for (const address of addresses) {
    names.set('inside.example', ['140.82.121.4', address]);
    const { socket, head } = await tunnel(door, token, 'inside.example:443');
    expect(head, address).toContain('x-remuda-refused: address');
    socket.destroy();
  }
  feed.socket.end();
  await once(feed.socket, 'close');
  expect(feed.lines).toEqual([{ host: 'inside.example', port: 443, reason: 'address' }]);
});

test('without a token of a running job there is no way, nor with one whose job names no host', async () => {
  const statusOf = async (token: string): Promise<string> => {
    const { socket, head } = await tunnel(door, token, 'registry.example:443');
    socket.destroy();
    return head.split('\r\n', 1)[0] ?? '';
  };
  expect(await statusOf('unknown')).toContain('401');
  expect(await statusOf('remuda-idle')).toContain('401');
  await running.grant('others', { job: 'job-o', worker: 'w-2', lease: 1, egress: ['registry.example'] });
  expect(await statusOf('others')).toContain('401');
  await running.grant('none', { job: 'job-n', worker: 'w-1', lease: 1 });
  expect(await statusOf('none')).toContain('403');
});

test('TLS goes through as it is, to the server that was allowed and no other', async () => {
  await using registry = await serveHttps(['registry.example', 'other.example'], (request, response) => {
    response.end(`served ${String(request.headers.host)}`);
  });
  names.set('registry.example', ['127.0.0.1']);
  const at = `registry.example:${String(registry.port)}`;
  const token = await runs(at);
  const feed = listen(door, token);
  const { socket, head } = await tunnel(door, token, at);
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  const secure = connectTls({ socket, servername: 'registry.example', ca: registry.ca });
  await once(secure, 'secureConnect');
  const answer = await exchange(secure, 'GET / HTTP/1.1\r\nHost: registry.example\r\nConnection: close\r\n\r\n');
  expect(answer).toContain('served registry.example');

  for (const servername of ['other.example', '']) {
    const { socket: again } = await tunnel(door, token, at);
    const fronted = connectTls({ socket: again, servername, ca: registry.ca, checkServerIdentity: () => undefined });
    const [error] = (await once(fronted, 'error')) as [Error];
    expect(error.message).toMatch(/unrecognized name/);
  }
  feed.socket.end();
  await once(feed.socket, 'close');
  expect(feed.lines).toEqual([{ host: 'registry.example', port: registry.port, reason: 'server_name' }]);
});

test('both ends may say that they are done while the other still speaks', async () => {
  await using echo = await serve(
    createServer({ allowHalfOpen: true }, (socket) => {
      let said = '';
      socket.write('welcome ').valueOf();
      socket.on('data', (chunk: Buffer) => (said += chunk.toString())).on('end', () => socket.end(`heard ${said}`));
    }),
  );
  names.set('echo.example', ['127.0.0.1']);
  const at = `echo.example:${String(echo.port)}`;
  const { socket, head } = await tunnel(door, await runs(at), at);
  expect(head).toContain('200');
  socket.end('all of it');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  expect(text).toBe('welcome heard all of it');
});

test('a connection ends with its job, when nothing is transferred, and when the job has had its share', async () => {
  await using silent = await serve(createServer(() => undefined));
  await using endless = await serveHttp((_request, response) => {
    const more = (): void => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  names.set('slow.example', ['127.0.0.1']);
  const [idleAt, endlessAt] = [silent, endless].map(({ port }) => `slow.example:${String(port)}`) as [string, string];
  const first = await runs(idleAt);
  const open = await tunnel(door, first, idleAt);
  const cutWithJob = ended(open.socket);
  const second = await runs(idleAt, endlessAt);
  const idle = await tunnel(door, second, idleAt);
  await cutWithJob;
  await ended(idle.socket);
  const feed = listen(door, second);
  const got = await exchange(
    enter(door, second),
    `GET http://${endlessAt}/ HTTP/1.1\r\nHost: slow.example\r\n\r\n`,
  ).catch((error: unknown) => String(error));
  expect(got.length).toBeLessThan(3 * 1024 * 1024);
  const after = await tunnel(door, second, endlessAt);
  expect(after.head).toContain('x-remuda-refused: limit');
  feed.socket.end();
  await once(feed.socket, 'close');
  expect(feed.lines).toEqual([{ host: 'slow.example', port: endless.port, reason: 'limit' }]);
});

test('a name is looked up once, and the connection goes where the check was', async () => {
  await using registry = await serveHttp((_request, response) => response.end('here'));
  names.set('rebind.example', ['127.0.0.1']);
  looked.length = 0;
  const at = `rebind.example:${String(registry.port)}`;
  const token = await runs(at);
  const answer = await exchange(
    enter(door, token),
    `GET http://${at}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  );
  expect(answer).toContain('here');
  expect(looked).toEqual(['rebind.example']);
});

test('a connection that does not say whose it is gets no proxy', async () => {
  for (const said of ['GET http://registry.example/ HTTP/1.1\r\n\r\n', '{"v":1}\n', '{"v":99,"token":"t"}\n', '\n']) {
    const socket = enter(door, 'x');
    socket.destroy();
    const { connect } = await import('node:net');
    const own = connect({ path: door, allowHalfOpen: true });
    expect(await exchange(own, said)).toMatch(/^(HTTP\/1\.1 400 |$)/);
  }
});

test('headOf leaves what follows', async () => {
  const socket = enter(door, await runs());
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await headOf(socket)).toContain('x-remuda-refused: malformed');
  socket.destroy();
});
