import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  isRecord,
  parseJson,
  bridgeTokenHeader,
  encodePushNote,
  pushNoteHeader,
  pushPath,
  type PushNote,
} from '@remuda/protocol';
import type { PushOutcome, SecretVault } from '@remuda/domain';
import { SnapshotClient } from '../../../apps/worker/src/snapshot-client.js';
import { gitIn, serveOverHttp, type GitOverHttp } from '../../git-over-http.js';
import { runBridge, type RunningBridge } from './running-bridge.js';

let bridge: RunningBridge;
let server: GitOverHttp;
const secrets = new Map<string, string>();
const vault: SecretVault = { find: (tenant, name) => Promise.resolve(secrets.get(`${tenant}/${name}`)) };

beforeAll(async () => {
  const env = { REMUDA_PUSH_MAX_MB: '1', REMUDA_GIT_PROTECTED: 'main,release/*' };
  bridge = await runBridge(env, (parts) => ({ ...parts, vault }));
  server = await serveOverHttp({ 'a.txt': 'one\n' });
  gitIn(bridge.folder, 'clone', '-q', server.folder, 'template');
}, 120_000);
afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

beforeEach(() => {
  // its main is a packed ref
  rmSync(join(server.folder, 'refs', 'heads'), { recursive: true });
  rmSync(join(server.folder, 'hooks'), { recursive: true });
  for (const name of [join('refs', 'heads'), 'hooks']) mkdirSync(join(server.folder, name));
  server.forget();
  secrets.clear();
  const { origin, user, token } = server;
  secrets.set('acme/PUSH', `${origin.replace('://', `://${user}:${encodeURIComponent(token)}@`)}/team/`);
});

/** A clone in which a job has worked. */
function worked(...steps: readonly ((folder: string) => void)[]): string {
  const folder = mkdtempSync(join(bridge.folder, 'job-'));
  cpSync(join(bridge.folder, 'template'), folder, { recursive: true });
  for (const step of steps) step(folder);
  return folder;
}

const commits =
  (name: string, content: string | Buffer = name, message = `add ${name}`) =>
  (folder: string): void => {
    writeFileSync(join(folder, name), content);
    gitIn(folder, 'add', name);
    gitIn(folder, 'commit', '-q', '-m', message);
  };

const pack = (folder: string, input: string): Buffer =>
  execFileSync('git', ['pack-objects', '--revs', '--stdout', '-q'], {
    cwd: folder,
    input,
    maxBuffer: 64 * 1024 * 1024,
  });

let jobs = 0;
interface Asked {
  readonly branch?: string;
  readonly credential?: string;
  readonly tenant?: string;
  readonly url?: string;
  readonly ref?: string;
  readonly owner?: string;
}

/** A token of a job that may push to a branch. */
async function grants({
  branch = 'topic',
  credential = 'PUSH',
  tenant = 'acme',
  url = server.url,
  ref,
  owner,
}: Asked = {}): Promise<string> {
  const job = `job-${String(++jobs)}`;
  const git = { url, ...(ref === undefined ? {} : { ref }) };
  await bridge.grant(job, {
    job,
    worker: 'w-1',
    lease: 1,
    git,
    push: { branch, credential, tenant, ...(owner === undefined ? {} : { owner }) },
  });
  return job;
}

interface Answer {
  readonly status: number;
  readonly outcome: PushOutcome | undefined;
}

function send(token: string, note: string, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      ...{ socketPath: bridge.sockets('w-1').snapshot, method: 'PUT', path: pushPath, agent: false },
      headers: { [bridgeTokenHeader]: token, [pushNoteHeader]: note },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      let said = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
      response.once('end', () => {
        const value = parseJson(said);
        resolve({
          status: response.statusCode ?? 0,
          outcome: isRecord(value) ? (value as unknown as PushOutcome) : undefined,
        });
      });
    });
    outgoing.end(body);
  });
}

/** Pushes what a job has made in a folder. */
async function push(folder: string, asked: Asked = {}, base = server.head): Promise<PushOutcome | undefined> {
  return pushOf(folder, { head: gitIn(folder, 'rev-parse', 'HEAD'), base }, asked);
}

async function pushOf(folder: string, note: PushNote, asked: Asked): Promise<PushOutcome | undefined> {
  const { base, head } = note;
  return (await send(await grants(asked), encodePushNote(note), pack(folder, `${head}\n^${base}\n`))).outcome;
}

/** Pushes with a commit of what is not committed, as a worker makes it: the workspace does not have it afterwards. */
async function pushUncommitted(folder: string, asked: Asked): Promise<PushOutcome | undefined> {
  gitIn(folder, 'add', '-A');
  const tree = gitIn(folder, 'write-tree');
  const head = gitIn(folder, 'commit-tree', '-p', 'HEAD', '-m', 'uncommitted', tree);
  gitIn(folder, 'reset', '-q');
  return pushOf(folder, { base: server.head, head, isMade: true }, asked);
}

test('the commits of a job are pushed to its branch, by the credential that only the bridge has', async () => {
  const folder = worked(commits('b.txt'), commits('c.txt'));
  const commit = gitIn(folder, 'rev-parse', 'HEAD');
  expect(await push(folder)).toEqual({ state: 'pushed', branch: 'topic', commit, commits: 2, url: server.url });
  expect(server.git('rev-parse', 'topic')).toBe(commit);
  expect(server.git('show', 'topic:c.txt')).toBe('c.txt');
  expect(server.refs()).toEqual(['refs/heads/main', 'refs/heads/topic']);
  expect(bridge.log.join('\n')).not.toContain(server.token);
});

test('a branch that the commits go on from moves on; one with other commits stays as it is', async () => {
  const folder = worked(commits('b.txt'));
  await push(folder);
  commits('c.txt')(folder);
  expect(await push(folder)).toMatchObject({ state: 'pushed', commits: 2 });
  const before = server.git('rev-parse', 'topic');
  const other = await push(worked(commits('d.txt')));
  expect(other).toMatchObject({ state: 'failed', reason: 'branch_exists' });
  expect(server.git('rev-parse', 'topic')).toBe(before);
});

describe('a later turn of a session goes on from what an earlier one has pushed of uncommitted changes', () => {
  const writes = (folder: string, name: string): void => {
    writeFileSync(join(folder, name), name);
  };
  const filesOf = (ref: string): readonly string[] => server.git('ls-tree', '--name-only', ref).split('\n');
  const subjects = (): readonly string[] => server.git('log', '--reverse', '--format=%s', 'main..topic').split('\n');
  const turn = { owner: 'session-1' };

  test('by one commit for each turn that leaves its changes uncommitted', async () => {
    const folder = worked();
    for (const [i, name] of ['b.txt', 'c.txt', 'd.txt'].entries()) {
      writes(folder, name);
      expect(await pushUncommitted(folder, turn)).toMatchObject({ state: 'pushed', commits: i + 1 });
    }
    expect(subjects()).toEqual(['uncommitted', 'uncommitted', 'uncommitted']);
    expect(filesOf('topic')).toEqual(['a.txt', 'b.txt', 'c.txt', 'd.txt']);
  });

  test('and makes none where nothing has changed since', async () => {
    const folder = worked();
    writes(folder, 'b.txt');
    await pushUncommitted(folder, turn);
    const commit = server.git('rev-parse', 'topic');
    gitIn(folder, 'config', 'user.name', 'somebody else');
    expect(await pushUncommitted(folder, turn)).toMatchObject({ state: 'pushed', commit, commits: 1 });
    expect(server.git('rev-parse', 'topic')).toBe(commit);
  });

  test('by a merge where it commits them itself, and then goes on from that', async () => {
    const folder = worked();
    writes(folder, 'b.txt');
    const first = await pushUncommitted(folder, turn);
    commits('b.txt', 'better\n', 'add b')(folder);
    const own = gitIn(folder, 'rev-parse', 'HEAD');
    const second = await push(folder, turn);
    expect(second).toMatchObject({ state: 'pushed', commit: server.git('rev-parse', 'topic'), commits: 3 });
    expect(server.git('rev-parse', 'topic^1', 'topic^2').split('\n')).toEqual([first?.commit, own]);
    expect(server.git('show', 'topic:b.txt')).toBe('better');
    writes(folder, 'c.txt');
    expect(await pushUncommitted(folder, turn)).toMatchObject({ state: 'pushed', commits: 4 });
    expect(server.git('rev-parse', 'topic^')).toBe(second?.commit);
    expect(filesOf('topic')).toEqual(['a.txt', 'b.txt', 'c.txt']);
  });

  test('and so does the next attempt of a job', async () => {
    const first = worked();
    writes(first, 'b.txt');
    const job = { owner: 'job-a' };
    await pushUncommitted(first, job);
    expect(await push(worked(commits('c.txt')), job)).toMatchObject({ state: 'pushed', commits: 3 });
    expect(filesOf('topic')).toEqual(['a.txt', 'c.txt']);
  });

  test('but not another session, nor where somebody else has gone on from it', async () => {
    const folder = worked();
    writes(folder, 'b.txt');
    await pushUncommitted(folder, turn);
    writes(folder, 'c.txt');
    const refused = { state: 'failed', reason: 'branch_exists' };
    expect(await pushUncommitted(folder, { owner: 'session-2' })).toMatchObject(refused);
    server.git('update-ref', 'refs/heads/topic', server.git('commit-tree', '-p', 'topic', '-m', 'x', 'topic^{tree}'));
    const before = server.git('rev-parse', 'topic');
    expect(await pushUncommitted(folder, turn)).toMatchObject(refused);
    expect(server.git('rev-parse', 'topic')).toBe(before);
  });
});

test('a worker waits for its push longer than the listener waits for a worker', async () => {
  const silenceMs = 300;
  const slow: SecretVault = { find: (...of) => sleep(4 * silenceMs).then(() => vault.find(...of)) };
  await using patient = await runBridge({}, (parts) => ({ ...parts, vault: slow, snapshotSilenceMs: silenceMs }));
  const [branch, folder] = ['topic', worked(commits('b.txt'))];
  const [base, head] = [server.head, gitIn(folder, 'rev-parse', 'HEAD')];
  const grant = { branch, credential: 'PUSH', tenant: 'acme' };
  await patient.grant('t', { job: 'job-1', worker: 'w-1', lease: 1, git: { url: server.url }, push: grant });
  const client = new SnapshotClient(patient.bridge.addresses.snapshot);
  const { signal } = new AbortController();
  const sent = Readable.from([pack(folder, `${head}\n^${base}\n`)]) as AsyncIterable<Uint8Array>;
  expect(await client.putCommits('t', { base, head }, sent, signal)).toMatchObject({ state: 'pushed', commit: head });

  const never = Readable.from(halfOf(folder, head)) as AsyncIterable<Uint8Array>;
  await expect(client.putCommits('t', { base, head }, never, signal)).rejects.toThrow();
});

/** The beginning of a pack, and then nothing. */
async function* halfOf(folder: string, head: string): AsyncGenerator<Buffer> {
  yield pack(folder, `${head}\n`).subarray(0, 20);
  await new Promise(() => undefined);
}

test.each<[string, Asked]>([
  ['the default branch', { branch: 'main' }],
  ['it in another case', { branch: 'MAIN' }],
  ['a name of the operator’s list', { branch: 'release/1.2' }],
  ['the ref from which it started', { branch: 'next', ref: 'refs/heads/next' }],
])('%s is never pushed to', async (_, asked) => {
  server.git('branch', 'next');
  const before = server.git('show-ref');
  expect(await push(worked(commits('b.txt')), asked)).toMatchObject({ state: 'failed', reason: 'protected' });
  expect(server.git('show-ref')).toBe(before);
});

test.each([
  ...['--force', '-f', '--mirror', '+topic', ':main', 'topic:main', 'refs/heads/main', 'refs/tags/v1', 'HEAD'],
  ...['a..b', 'a b', 'a~1', 'a^', 'a\nb', '/a', 'a/', 'a.lock', '*', '', 'x'.repeat(201)],
])('%j is no branch', async (branch) => {
  const note = encodePushNote({ base: server.head, head: server.head });
  const { outcome } = await send(await grants({ branch }), note, Buffer.alloc(0));
  expect(outcome).toMatchObject({
    state: 'failed',
    reason: 'invalid',
    message: expect.stringContaining('The branch') as string,
  });
  expect([...server.seen]).toEqual([]);
});

test.each<[string, string, string]>([
  ['no secret of that name', '', 'has no secret PUSH'],
  ['a secret that is something else', 'whsec_aaaa', 'no line of the form'],
  ['a credential for another host', 'https://robot:abc@github.com/', 'meant for this repository'],
  ['one for another path of the host', 'ORIGIN/other/', 'meant for this repository'],
  ['one for a path that only begins the same', 'ORIGIN/team/proj', 'meant for this repository'],
])('with %s nothing leaves the bridge', async (_, secret, why) => {
  secrets.set('acme/PUSH', secret.replace('ORIGIN', server.origin.replace('://', '://robot:abc@')));
  if (secret === '') secrets.clear();
  const outcome = await push(worked(commits('b.txt')));
  expect(outcome).toMatchObject({
    state: 'failed',
    reason: 'credential',
    message: expect.stringContaining(why) as string,
  });
  expect([...server.seen]).toEqual([]);
});

test('another tenant’s secret is none', async () => {
  const outcome = await push(worked(commits('b.txt')), { tenant: 'other' });
  expect(outcome).toMatchObject({ state: 'failed', reason: 'credential' });
});

test('a credential that the server does not accept is told without it, and stands in no log', async () => {
  secrets.set('acme/PUSH', `${server.origin.replace('://', '://robot:wrong-token@')}/`);
  const outcome = await push(worked(commits('b.txt')));
  expect(outcome).toMatchObject({ state: 'failed', reason: 'credential' });
  const encoded = Buffer.from('robot:wrong-token').toString('base64');
  expect([...server.seen]).toEqual([`Basic ${encoded}`]);
  for (const text of [JSON.stringify(outcome), bridge.log.join('\n')])
    for (const form of ['wrong-token', encoded]) expect(text).not.toContain(form);
});

test('what the server says of a refusal is told, without the token that it repeats', async () => {
  const hook = join(server.folder, 'hooks', 'pre-receive');
  writeFileSync(hook, `#!/bin/sh\necho "only on weekdays, ${server.token}"\nexit 1\n`);
  chmodSync(hook, 0o755);
  const outcome = await push(worked(commits('b.txt')));
  expect(outcome).toMatchObject({
    state: 'failed',
    reason: 'refused',
    message: expect.stringContaining('only on weekdays, …') as string,
  });
  expect(server.refs()).toEqual(['refs/heads/main']);
});

test('commits that do not go on from the base are refused', async () => {
  const folder = worked((at) => {
    gitIn(at, 'checkout', '-q', '--orphan', 'alone');
    commits('b.txt')(at);
  });
  const head = gitIn(folder, 'rev-parse', 'HEAD');
  const { outcome } = await send(
    await grants(),
    encodePushNote({ base: server.head, head }),
    pack(folder, `${head}\n`),
  );
  expect(outcome).toMatchObject({
    state: 'failed',
    reason: 'invalid',
    message: expect.stringContaining('do not go on') as string,
  });
});

test('a base that is not in the repository is refused, also if it comes with the commits', async () => {
  const folder = worked(commits('b.txt'));
  const base = gitIn(folder, 'rev-parse', 'HEAD');
  commits('c.txt')(folder);
  const head = gitIn(folder, 'rev-parse', 'HEAD');
  const { outcome } = await send(await grants(), encodePushNote({ base, head }), pack(folder, `${head}\n`));
  expect(outcome).toMatchObject({
    state: 'failed',
    reason: 'invalid',
    message: expect.stringContaining('not in the repository') as string,
  });
});

test('of a pack with more than the commits only these are pushed', async () => {
  const folder = worked(commits('b.txt'));
  const head = gitIn(folder, 'rev-parse', 'HEAD');
  gitIn(folder, 'checkout', '-q', '--orphan', 'secret');
  commits('hidden.txt')(folder);
  const hidden = gitIn(folder, 'rev-parse', 'HEAD');
  const note = encodePushNote({ base: server.head, head });
  const { outcome } = await send(await grants(), note, pack(folder, `${head}\n${hidden}\n`));
  expect(outcome).toMatchObject({ state: 'pushed', commit: head });
  expect(() => server.git('cat-file', '-e', hidden)).toThrow();
});

test.each<[string, (folder: string, head: string) => Buffer]>([
  ['is no pack', () => Buffer.from('PACK but not one')],
  ['is empty', () => Buffer.alloc(0)],
  [
    'is a bundle with refs of its own',
    (at) => execFileSync('git', ['bundle', 'create', '-q', '-', '--all'], { cwd: at }),
  ],
  ['breaks off', (at, head) => pack(at, `${head}\n`).subarray(0, -40)],
  ['lacks objects', (at, head) => pack(at, `${head}\n^${head}^\n`)],
  ['is of another repository', () => pack(process.cwd(), '')],
])('what %s is refused', async (_, made) => {
  const folder = worked(commits('b.txt'), commits('c.txt'));
  const head = gitIn(folder, 'rev-parse', 'HEAD');
  const { outcome } = await send(await grants(), encodePushNote({ base: server.head, head }), made(folder, head));
  expect(outcome).toMatchObject({ state: 'failed', reason: 'invalid' });
  expect(server.refs()).toEqual(['refs/heads/main']);
});

test('objects that git would not make are refused: a path into .git', async () => {
  const folder = worked();
  const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: folder, input: '[alias] x = !sh\n' })
    .toString()
    .trim();
  const entries = (lines: string): string =>
    execFileSync('git', ['mktree'], { cwd: folder, input: lines }).toString().trim();
  const inner = entries(`100644 blob ${blob}\tconfig\n`);
  const raw = Buffer.concat([Buffer.from('40000 .git\0'), Buffer.from(inner, 'hex')]);
  const tree = execFileSync('git', ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], {
    cwd: folder,
    input: raw,
  })
    .toString()
    .trim();
  const head = gitIn(folder, 'commit-tree', '-p', server.head, '-m', 'evil', tree);
  const body = pack(folder, `${head}\n^${server.head}\n`);
  const { outcome } = await send(await grants(), encodePushNote({ base: server.head, head }), body);
  expect(outcome).toMatchObject({ state: 'failed', reason: 'invalid' });
});

test.each<[string, (folder: string) => void]>([
  ['commits that are larger than they may be', commits('large.bin', randomBytes(2_000_000))],
  ['a small pack with a huge file in it', commits('zeros.bin', Buffer.alloc(30_000_000))],
])('%s are refused, and the repository gets nothing', async (_, step) => {
  const outcome = await push(worked(step));
  expect(outcome).toMatchObject({ state: 'failed', reason: 'too_large' });
  expect(server.refs()).toEqual(['refs/heads/main']);
});

test('no hook, no configuration and no template of anybody is used, and nothing is left behind', async () => {
  const marker = join(bridge.folder, 'ran');
  const folder = worked(commits('b.txt'), (at) => {
    for (const name of ['pre-push', 'reference-transaction', 'post-index-change']) {
      writeFileSync(join(at, '.git', 'hooks', name), `#!/bin/sh\ntouch ${marker}\n`);
      chmodSync(join(at, '.git', 'hooks', name), 0o755);
    }
  });
  expect(await push(folder)).toMatchObject({ state: 'pushed' });
  expect(readdirSync(bridge.folder)).not.toContain('ran');
  expect(readdirSync(join(bridge.folder, 'm')).filter((name) => name.startsWith('push'))).toEqual([]);
});

test('without a good token, a note, or the right to push nothing is taken', async () => {
  const folder = worked(commits('b.txt'));
  const head = gitIn(folder, 'rev-parse', 'HEAD');
  const body = pack(folder, `${head}\n^${server.head}\n`);
  const note = encodePushNote({ base: server.head, head });
  expect(await send('guessed', note, body)).toMatchObject({ status: 401 });
  for (const wrong of ['', '{}', note.replace(head, '--force'), note.replace(head, 'refs/heads/main')])
    expect(await send(await grants(), wrong, body)).toMatchObject({ status: 400 });
  await bridge.grant('reader', { job: 'reader', worker: 'w-1', lease: 1, git: { url: server.url } });
  expect(await send('reader', note, body)).toMatchObject({ status: 422 });
  expect(server.refs()).toEqual(['refs/heads/main']);
});

test('a server that does not answer is told as such', async () => {
  const url = 'http://127.0.0.1:9/team/project.git';
  secrets.set('acme/PUSH', 'http://robot:abc@127.0.0.1:9/');
  const outcome = await push(worked(commits('b.txt')), { url });
  expect(outcome).toMatchObject({ state: 'failed', reason: 'unavailable' });
});
