import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { bridgeRefusal } from '@remuda/protocol';
import { expect, test } from 'vitest';
import { serveRepository, type GitServer } from '../../e2e/harness/git-server.js';
import { runBridge, type RunningBridge } from './running-bridge.js';

const job = { job: 'job-1', worker: 'w-1', lease: 1 };

/** Asks for the repository of a token; resolves with what comes first: its references, or the reason why there are none. */
async function fetched(run: RunningBridge, token: string): Promise<string> {
  const socket = connect({ path: run.sockets('w-1').git, allowHalfOpen: true });
  socket.on('error', () => undefined).write(`${JSON.stringify({ token })}\n`);
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes('refs/heads') || text.includes('ERR')) break;
  }
  socket.destroy();
  return text;
}

/** A server that takes connections and says nothing. */
async function hungServer(): Promise<{ url: string; port: number; server: Server; taken: Promise<Socket> }> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  const taken = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `git://127.0.0.1:${String(port)}/origin`, port, server, taken };
}

/** The one mirror that a bridge has. */
function mirrorOf(run: RunningBridge): string {
  const [name = ''] = readdirSync(join(run.folder, 'm'));
  return join(run.folder, 'm', name);
}

async function push(origin: GitServer, branch: string): Promise<void> {
  const clone = await origin.clone();
  execFileSync('git', ['-C', clone, 'push', '-q', 'origin', `HEAD:refs/heads/${branch}`], { stdio: 'pipe' });
}

test('a fetch that nobody waits for ends, and the next one of that repository is served', async () => {
  await using run = await runBridge();
  const hung = await hungServer();
  await run.grant('t', { ...job, git: { url: hung.url } });
  const socket = connect(run.sockets('w-1').git);
  socket.write('{"token":"t"}\n');
  const taken = await hung.taken;
  socket.destroy();
  await once(taken, 'close');
  hung.server.close();
  await once(hung.server, 'close');
  await using origin = await serveRepository({ 'a.txt': 'a' }, hung.port);
  expect(origin.url).toBe(hung.url);
  expect(await fetched(run, 't')).toContain('refs/heads/main');
});

test('a fetch that makes no progress ends, and is said to be worth another try', async () => {
  await using run = await runBridge({ REMUDA_GIT_SILENCE_MS: '1000' });
  const hung = await hungServer();
  await run.grant('t', { ...job, git: { url: hung.url } });
  expect(await fetched(run, 't')).toContain(`${bridgeRefusal.git}: git made no progress for 1000 ms`);
  hung.server.close();
});

test('what lies in the way of the fetch is told apart from what the job names wrongly', async () => {
  await using run = await runBridge();
  await using origin = await serveRepository({ 'a.txt': 'a' });
  await run.grant('refused', { ...job, git: { url: 'git://127.0.0.1:1/x' } });
  expect(await fetched(run, 'refused')).toContain(bridgeRefusal.git);
  await run.grant('none', { ...job, git: { url: origin.url.replace('origin', 'nowhere') } });
  const none = await fetched(run, 'none');
  expect(none).toContain('ERR remuda: ');
  expect(none).not.toContain(bridgeRefusal.git);
});

test('a lock that was left behind in a mirror keeps nobody from it', async () => {
  await using run = await runBridge();
  await using origin = await serveRepository({ 'a.txt': 'a' });
  await run.grant('t', { ...job, git: { url: origin.url } });
  await fetched(run, 't');
  for (const lock of ['packed-refs.lock', 'refs/heads/later.lock', 'HEAD.lock', 'config.lock'])
    writeFileSync(join(mirrorOf(run), lock), '');
  await push(origin, 'later');
  expect(await fetched(run, 't')).toContain('refs/heads/later');
});

test('a mirror whose objects are empty is made anew', async () => {
  await using run = await runBridge();
  await using origin = await serveRepository({ 'a.txt': 'a' });
  await run.grant('t', { ...job, git: { url: origin.url } });
  await fetched(run, 't');
  const objects = join(mirrorOf(run), 'objects');
  const files = readdirSync(objects, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  for (const file of files) truncateSync(join(file.parentPath, file.name));
  await push(origin, 'later');
  const ways = async (): Promise<string> => fetched(run, 't');
  await expect.poll(ways, { timeout: 20_000 }).toContain('refs/heads/later');
  const clone = join(run.folder, 'clone.git');
  execFileSync('git', ['clone', '-q', '--bare', mirrorOf(run), clone], { stdio: 'pipe' });
});

test('mirrors keep within their budget: who was used the longest time ago goes', async () => {
  await using run = await runBridge({ REMUDA_MIRROR_TOTAL_MB: '1' });
  const content = () => ({ 'a.bin': randomBytes(700_000).toString('latin1') });
  await using first = await serveRepository(content());
  await using second = await serveRepository(content());
  await run.grant('1', { ...job, git: { url: first.url } });
  await run.grant('2', { ...job, git: { url: second.url } });
  await fetched(run, '1');
  const before = mirrorOf(run);
  await fetched(run, '2');
  await expect.poll(() => readdirSync(join(run.folder, 'm'))).toHaveLength(1);
  expect(mirrorOf(run)).not.toBe(before);
  expect(await fetched(run, '1')).toContain('refs/heads/main');
});

/** A repository by git's simple protocol over HTTP, with answers of its own for some paths. */
async function serveOverHttp(folder: string, moved: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const [name = ''] = Object.keys(moved).filter((each) => url.startsWith(each));
    if (name !== '') {
      response.writeHead(302, { location: url.replace(name, moved[name] ?? '') }).end();
      return;
    }
    try {
      response.end(readFileSync(join(folder, url.split('?')[0] ?? '')));
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

test('a repository that has moved is fetched from where it is, if that may be reached', async () => {
  await using run = await runBridge();
  await using origin = await serveRepository({ 'a.txt': 'a' });
  const root = join(run.folder, 'www');
  mkdirSync(root);
  execFileSync('git', ['clone', '-q', '--bare', origin.url, join(root, 'new.git')], { stdio: 'pipe' });
  execFileSync('git', ['-C', join(root, 'new.git'), 'update-server-info']);
  await using http = await serveOverHttp(root, { '/old/': '/new.git/', '/inside/': 'http://169.254.169.254/' });
  await run.grant('t', { ...job, git: { url: `${http.url}/old` } });
  expect(await fetched(run, 't')).toContain('refs/heads/main');
  await run.grant('inside', { ...job, git: { url: `${http.url}/inside` } });
  expect(await fetched(run, 'inside')).toContain('is a metadata address');
});

test('a repository inside is refused before anything connects to it', async () => {
  await using run = await runBridge({ REMUDA_GIT_HOSTS: '' });
  const hung = await hungServer();
  let connected = false;
  void hung.taken.then(() => (connected = true));
  for (const url of [
    hung.url,
    hung.url.replace('git:', 'http:'),
    hung.url.replace('git:', 'ssh:'),
    hung.url.replace('127.0.0.1', 'localhost'),
  ]) {
    await run.grant('t', { ...job, git: { url } });
    expect(await fetched(run, 't')).toContain('REMUDA_GIT_HOSTS');
  }
  expect(connected).toBe(false);
  hung.server.close();
});
