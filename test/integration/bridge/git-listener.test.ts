import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../apps/local/src/cluster/free-port.js';
import { runBridge } from './running-bridge.js';
import { forwarderTo, tlsBridge } from './tcp-bridge.js';

const run = promisify(execFile);
const job = { job: 'job-1', worker: 'w-1', lease: 1 };
const source = fileURLToPath(new URL('../../../apps/worker/src/git-connect.ts', import.meta.url));

/** A real `git daemon` on loopback with one repository of three commits on `trunk`, and a commit on no branch. */
let folder: string;
let daemon: ChildProcess;
let port: number;
let connector: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-git-'));
  port = await freePort();
  connector = join(folder, 'git-connect.mjs');
  await build({ entryPoints: [source], bundle: true, platform: 'node', format: 'esm', outfile: connector });
  await git(folder, 'init', '--quiet', '-b', 'trunk', 'work');
  for (const n of ['1', '2', '3']) await commit(n);
  await git(folder, 'clone', '--quiet', '--bare', 'work', 'served/repo.git');
  await git(work(), 'checkout', '--quiet', '--detach');
  const [loose] = [await commit('4')];
  await git(work(), 'push', '--quiet', '../served/repo.git', `${loose}:refs/pull/7/head`);
  await git(work(), 'checkout', '--quiet', 'trunk');
  daemon = spawn(
    'git',
    [
      'daemon',
      `--base-path=${join(folder, 'served')}`,
      '--listen=127.0.0.1',
      `--port=${port}`,
      '--export-all',
      '--reuseaddr',
      '--verbose',
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    },
  );
  await once(daemon.stderr ?? daemon, 'data');
});

afterAll(async () => {
  const gone = once(daemon, 'exit');
  process.kill(-(daemon.pid ?? 0));
  await gone;
  await rm(folder, { recursive: true, force: true });
});

const work = (): string => join(folder, 'work');
const served = (): string => `git://127.0.0.1:${port}/repo.git`;

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const who = ['-c', 'user.name=n', '-c', 'user.email=n@example.test', '-c', 'protocol.ext.allow=always'];
  return (
    await run('git', [...who, ...args], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: folder, REMUDA_GIT_TOKEN: token },
    })
  ).stdout.trim();
}

async function commit(text: string): Promise<string> {
  await writeFile(join(work(), 'file'), text);
  await git(work(), 'add', 'file');
  await git(work(), 'commit', '--quiet', '-m', `commit ${text}`);
  return git(work(), 'rev-parse', 'HEAD');
}

let token = '';

/** A bridge as its socket shows it. */
interface Fetched {
  readonly bridge: { readonly addresses: { readonly git: string } };
}

/** Fetches as a container does; resolves with the subject of what came, or rejects with what git printed. */
async function fetchThere(bridge: Fetched, asToken: string, ...what: readonly string[]): Promise<string> {
  token = asToken;
  const clone = await mkdtemp(join(folder, 'clone-'));
  await git(clone, 'init', '--quiet');
  await git(clone, 'fetch', '--quiet', socketUrl(bridge.bridge.addresses.git), ...what);
  return git(clone, 'log', '--format=%s', 'FETCH_HEAD');
}

const socketUrl = (socket: string): string =>
  `ext::${[process.execPath, connector, socket].map((part) => part.replaceAll(' ', '% ')).join(' ')} %S`;

test('a job fetches a branch, a commit by its id, and a ref that is no branch', async () => {
  await using bridge = await runBridge();
  const first = await git(work(), 'rev-parse', 'trunk~2');
  const pulled = await git(join(folder, 'served/repo.git'), 'rev-parse', 'refs/pull/7/head');
  await bridge.grant('t', { ...job, git: { url: served(), ref: 'trunk' } });
  expect(await fetchThere(bridge, 't', '--depth=2', 'trunk')).toBe('commit 3\ncommit 2');
  expect(await fetchThere(bridge, 't')).toBe('commit 3\ncommit 2\ncommit 1');
  expect(await fetchThere(bridge, 't', '--depth=1', first)).toBe('commit 1');
  await bridge.grant('p', { ...job, git: { url: served(), ref: 'refs/pull/7/head' } });
  expect(await fetchThere(bridge, 'p', '--depth=1', 'refs/pull/7/head')).toBe('commit 4');
  await bridge.grant('c', { ...job, git: { url: served(), ref: pulled } });
  expect(await fetchThere(bridge, 'c', '--depth=1', pulled)).toBe('commit 4');
});

test('a job fetches over TCP with TLS, and hears of a bridge that is away in a way that says to try again', async () => {
  const bridge = await tlsBridge();
  await using worker = await forwarderTo(bridge, 'w-1');
  await bridge.grant('t', { ...job, git: { url: served(), ref: 'trunk' } });
  const there = { bridge: { addresses: worker.sockets } };
  expect(await fetchThere(there, 't', 'trunk')).toBe('commit 3\ncommit 2\ncommit 1');
  await expect(fetchThere(there, 'nobody')).rejects.toThrow('this token belongs to no running job');
  await bridge[Symbol.asyncDispose]();
  await expect(fetchThere(there, 't', 'trunk')).rejects.toThrow(/remuda\.git_unavailable|cannot reach|hung up/);
});

test('a path with spaces reaches the socket', async () => {
  await using bridge = await runBridge();
  await bridge.grant('t', { ...job, git: { url: served() } });
  const spaced = join(bridge.folder, 'a folder');
  await symlink(dirname(bridge.bridge.addresses.git), spaced);
  token = 't';
  const heads = await git(folder, 'ls-remote', '--symref', socketUrl(join(spaced, 'git.sock')), 'HEAD');
  expect(heads).toContain('ref: refs/heads/trunk\tHEAD');
});

test('each fetch brings what was pushed meanwhile, into one mirror', async () => {
  await using bridge = await runBridge();
  await bridge.grant('t', { ...job, git: { url: served() } });
  await fetchThere(bridge, 't');
  await git(work(), 'push', '--quiet', '../served/repo.git', 'trunk~1:refs/heads/later');
  expect(await fetchThere(bridge, 't', '--depth=1', 'later')).toBe('commit 2');
  await git(work(), 'push', '--quiet', '../served/repo.git', ':refs/heads/later');
  await expect(fetchThere(bridge, 't', 'later')).rejects.toThrow("couldn't find remote ref later");
  expect(await readdir(join(bridge.folder, 'm'))).toHaveLength(1);
});

test('many jobs that come at once are all served', async () => {
  await using bridge = await runBridge();
  await bridge.grant('t', { ...job, git: { url: served() } });
  const all = await Promise.all(Array.from({ length: 8 }, () => fetchThere(bridge, 't', '--depth=1', 'trunk')));
  expect(new Set(all)).toEqual(new Set(['commit 3']));
  const figures = await (await fetch(`${bridge.bridge.addresses.adminUrl}/metrics`)).text();
  const fetches = Number(/remuda_bridge_git_fetches_total\{outcome="ok",app="bridge"\} (\d+)/.exec(figures)?.[1]);
  expect(fetches).toBeGreaterThan(0);
  expect(fetches).toBeLessThan(8);
});

test('git prints why it was refused: no such token, no repository, none there, a forbidden protocol', async () => {
  await using bridge = await runBridge();
  await expect(fetchThere(bridge, 'nobody')).rejects.toThrow(
    'remote error: remuda: this token belongs to no running job',
  );
  await bridge.grant('none', job);
  await expect(fetchThere(bridge, 'none')).rejects.toThrow('remote error: remuda: the job has no repository');
  await bridge.grant('gone', { ...job, git: { url: `git://127.0.0.1:${port}/gone.git` } });
  await expect(fetchThere(bridge, 'gone')).rejects.toThrow('remote error: remuda: fatal: remote error: access denied');
  const forbidden = [
    join(folder, 'served/repo.git'),
    `file://${folder}/served/repo.git`,
    'ext::sh -c "touch /tmp/x"',
    '--upload-pack=touch /tmp/x',
  ];
  for (const url of forbidden) {
    await bridge.grant('bad', { ...job, git: { url } });
    await expect(fetchThere(bridge, 'bad'), url).rejects.toThrow('remote error: remuda:');
  }
});

test('a repository of this machine is served only where that was allowed', async () => {
  await using bridge = await runBridge({ REMUDA_GIT_ALLOW_FILE: '1' });
  await bridge.grant('t', { ...job, git: { url: `file://${join(folder, 'served/repo.git')}` } });
  expect(await fetchThere(bridge, 't', '--depth=1', 'trunk')).toBe('commit 3');
});

test('nothing can be pushed, and a hook of the mirror never runs', async () => {
  await using bridge = await runBridge();
  await bridge.grant('t', { ...job, git: { url: served() } });
  await fetchThere(bridge, 't');
  const [mirror = ''] = await readdir(join(bridge.folder, 'm'));
  const hooks = join(bridge.folder, 'm', mirror, 'hooks');
  await mkdir(hooks, { recursive: true });
  for (const hook of ['reference-transaction', 'post-update', 'pre-auto-gc'])
    await writeFile(join(hooks, hook), `#!/bin/sh\ntouch ${join(bridge.folder, 'ran')}\n`, { mode: 0o755 });
  await git(work(), 'push', '--quiet', '--force', '../served/repo.git', 'trunk:refs/heads/again');
  expect(await fetchThere(bridge, 't', '--depth=1', 'again')).toBe('commit 3');
  expect(await readdir(bridge.folder)).not.toContain('ran');
  token = 't';
  await expect(git(work(), 'push', socketUrl(bridge.bridge.addresses.git), 'trunk:mine')).rejects.toThrow(
    'serves git-upload-pack',
  );
});

test("a password in a repository's URL is in no message, no log and no file", async () => {
  await using bridge = await runBridge();
  await bridge.grant('t', { ...job, git: { url: `http://someone:hush-hush@127.0.0.1:1/repo.git` } });
  const refusal = await fetchThere(bridge, 't').catch(String);
  expect(refusal).toContain('remote error: remuda:');
  expect(refusal + bridge.log.join('')).not.toContain('hush-hush');
  const { stdout } = await run('grep', ['-r', 'hush-hush', join(bridge.folder, 'm')]).catch(
    (error: unknown) => error as { stdout: string },
  );
  expect(stdout).toBe('');
});

test('a client that says nothing sensible is told so', async () => {
  await using bridge = await runBridge();
  for (const line of ['hello\n', '{"token":7}\n', 'x'.repeat(5_000)]) {
    const socket = connect(bridge.bridge.addresses.git);
    socket.write(line);
    expect((await socket.toArray()).join('')).toMatch(/^[0-9a-f]{4}ERR remuda: this token belongs to no running job/);
  }
});
