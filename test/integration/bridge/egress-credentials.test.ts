import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EgressCredential, SecretVault } from '@remuda/domain';
import { enter, exchange, headOf, serveHttp, serveHttps, tunnel, type OwnServer } from './egress-door.js';
import { runBridge, type RunningBridge } from './running-bridge.js';

const secrets = new Map<string, string>();
const vault: SecretVault = { find: (tenant, name) => Promise.resolve(secrets.get(`${tenant}/${name}`)) };
const seen: { readonly url: string; readonly headers: Readonly<Record<string, unknown>> }[] = [];
const registry: RequestListener = (request, response) => {
  seen.push({ url: request.url ?? '', headers: request.headers });
  if (request.url === '/moved')
    response.writeHead(302, { location: `https://registry.example:${String(secure.port)}/team/x` });
  response.end('a package');
};

let running: RunningBridge;
let door: string;
let secure: OwnServer & { ca: string };
let plain: OwnServer;
beforeAll(async () => {
  secure = await serveHttps(['registry.example'], registry);
  plain = await serveHttp(registry);
  const resolve = (): Promise<readonly string[]> => Promise.resolve(['127.0.0.1']);
  running = await runBridge({ REMUDA_EGRESS_HOSTS: '127.0.0.1' }, (parts) => ({
    ...parts,
    resolve,
    vault,
    egressCa: secure.ca,
  }));
  door = running.bridge.addresses.egress;
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await secure[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
});
beforeEach(() => {
  seen.length = 0;
  secrets.clear();
  secrets.set('acme/TOKEN', 'npm-secret-token');
});

let jobs = 0;
/** A running job with these credentials; its token is returned. */
async function runs(
  list: readonly Partial<EgressCredential>[],
  more: { readonly tenant?: string; readonly egress?: readonly string[] } = {},
): Promise<string> {
  const {
    tenant = 'acme',
    egress = [`registry.example:${String(secure.port)}`, `registry.example:${String(plain.port)}`],
  } = more;
  const token = `token-${String(++jobs)}`;
  const url = `https://registry.example:${String(secure.port)}/team/`;
  const credentials = { tenant, list: list.map((each) => ({ url, secret: 'TOKEN', as: 'bearer' as const, ...each })) };
  await running.grant(token, { job: `job-${String(jobs)}`, worker: 'w-1', lease: 1, egress, credentials });
  return token;
}

const ask = (token: string, path: string, { port = secure.port, method = 'GET', head = '' } = {}): Promise<string> =>
  exchange(
    enter(door, token),
    `${method} http://registry.example:${String(port)}${path} HTTP/1.1\r\nHost: x\r\n${head}Connection: close\r\n\r\n`,
  );

test('a plain request to the place of a credential goes there by TLS, with the credential', async () => {
  const answer = await ask(await runs([{}]), '/team/pkg?a=b', { head: 'Authorization: Bearer of-the-job\r\n' });
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*a package$/);
  expect(seen).toMatchObject([
    {
      url: '/team/pkg?a=b',
      headers: { authorization: 'Bearer npm-secret-token', host: `registry.example:${String(secure.port)}` },
    },
  ]);
  expect(running.log.join('\n')).not.toContain('npm-secret-token');
});

test('as user and password, or in a header of its own', async () => {
  secrets.set('acme/PAIR', 'me:pass');
  await ask(await runs([{ secret: 'PAIR', as: 'basic' }]), '/team/a');
  await ask(await runs([{ as: 'header', header: 'X-Api-Key' }]), '/team/a');
  expect(seen).toMatchObject([
    { headers: { authorization: `Basic ${Buffer.from('me:pass').toString('base64')}` } },
    { headers: { 'x-api-key': 'npm-secret-token' } },
  ]);
});

test.each<[string, string, string?]>([
  ['another path', '/other'],
  ['a path that leads elsewhere', '/team/../other'],
  ['a path that leads elsewhere, escaped', '/team/%2e%2e/other'],
  ['a method that changes something', '/team/pkg', 'PUT'],
])('%s of that host goes there without it', async (_, path, method) => {
  await ask(await runs([{}]), path, { ...(method === undefined ? {} : { method }) });
  expect(seen).toHaveLength(1);
  expect(JSON.stringify(seen)).not.toContain('npm-secret-token');
});

test('a method that changes something gets it where the profile says so', async () => {
  await ask(await runs([{ write: true }]), '/team/pkg', { method: 'PUT' });
  expect(seen).toMatchObject([{ headers: { authorization: 'Bearer npm-secret-token' } }]);
});

test('another port of the host, and a tunnel to it, are as without credentials', async () => {
  const token = await runs([{}]);
  await ask(token, '/team/a', { port: plain.port });
  expect(seen).toMatchObject([{ url: '/team/a' }]);
  expect(JSON.stringify(seen)).not.toContain('npm-secret-token');
  const { socket, head } = await tunnel(door, token, `registry.example:${String(secure.port)}`);
  expect(head).toContain('200');
  socket.destroy();
});

test('without TLS only where the profile names http', async () => {
  await ask(await runs([{ url: `http://registry.example:${String(plain.port)}/` }]), '/a', { port: plain.port });
  expect(seen).toMatchObject([{ headers: { authorization: 'Bearer npm-secret-token' } }]);
});

test('a server whose certificate is not that of the host gets nothing', async () => {
  const url = `https://other.example:${String(secure.port)}/`;
  const token = await runs([{ url }], { egress: [`other.example:${String(secure.port)}`] });
  const said = `GET http://other.example:${String(secure.port)}/ HTTP/1.1\r\nHost: x\r\n\r\n`;
  expect(await exchange(enter(door, token), said)).toMatch(/^HTTP\/1\.1 502 [^]*x-remuda-refused: unreachable/);
  expect(seen).toEqual([]);
});

test('a host that the job may not reach is refused, credential or not', async () => {
  expect(await ask(await runs([{}], { egress: ['elsewhere.example'] }), '/team/a')).toMatch(/403 [^]*not_allowed/);
  expect(seen).toEqual([]);
});

test.each<[string, string | undefined]>([
  ['there is none', undefined],
  ['it cannot be a part of a header', 'a\r\nx-evil: 1'],
])('a request whose credential is missing is not sent: %s', async (_, value) => {
  secrets.clear();
  if (value !== undefined) secrets.set('acme/TOKEN', value);
  expect(await ask(await runs([{}]), '/team/a')).toMatch(/^HTTP\/1\.1 502 [^]*x-remuda-refused: no_credential/);
  expect(await ask(await runs([{}], { tenant: 'other' }), '/team/a')).toMatch(/^HTTP\/1\.1 502/);
  expect(seen).toEqual([]);
});

test('where the server sends a request on to itself, the job is sent back to the bridge', async () => {
  const answer = await ask(await runs([{ url: `https://registry.example:${String(secure.port)}/` }]), '/moved');
  expect(answer).toContain(`location: http://registry.example:${String(secure.port)}/team/x`);
});

test('a second request on the connection is told by its own path', async () => {
  const socket = enter(door, await runs([{}]));
  const at = `http://registry.example:${String(secure.port)}`;
  socket.write(`GET ${at}/team/a HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(await headOf(socket)).toContain('200');
  socket.write(`GET ${at}/other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await exchange(socket, '');
  expect(seen.map(({ headers }) => headers['authorization'])).toEqual(['Bearer npm-secret-token', undefined]);
});
