import { execFileSync } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Clock } from '@remuda/domain';
import { createLogger } from '@remuda/runtime';
import { SnapshotClient } from './snapshot-client.js';
import { Snapshots } from './snapshots.js';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A clock whose waits are over at once, each having taken its time. */
function hastyClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms) => void (now += ms),
  };
}

/** A folder with one file, as a snapshot has it. */
async function packed(home: string, name: string): Promise<Buffer> {
  const folder = await mkdtemp(join(home, 'packed-'));
  await writeFile(join(folder, name), 'content');
  return execFileSync('tar', ['-czf', '-', '-C', folder, name]);
}

/** A bridge that answers with these one after the other, the last one again and again. */
async function scene(...answers: readonly ((response: ServerResponse) => void)[]) {
  const home = await mkdtemp(join(tmpdir(), 'snapshots-'));
  folders.push(home);
  const workspace = join(home, 'workspace');
  await mkdir(workspace);
  let asked = 0;
  const server = createServer((_, response) => {
    answers[Math.min(asked++, answers.length - 1)]?.(response);
  });
  const socket = join(home, 'snapshot.sock');
  server.listen(socket);
  await once(server, 'listening');
  const [session, files] = [await packed(home, 's.jsonl'), await packed(home, 'a.txt')];
  const place = { home, workspace, env: { PATH: process.env['PATH'] ?? '' } };
  const snapshots = new Snapshots({
    ...{ client: new SnapshotClient(socket), place, everyMs: 1_000 },
    ...{ clock: hastyClock(), log: createLogger({ name: 'test', level: 'silent' }) },
  });
  const snapshot = { sessionId: 's', at: 0, lease: 1, bytes: 1, sessionBytes: session.length };
  return {
    home,
    workspace,
    snapshots,
    content: Buffer.concat([session, files]),
    asked: () => asked,
    restore: () => snapshots.restore(snapshot, { of: 'job', token: 't' }, new AbortController().signal),
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end();

test('a bridge that cannot give a snapshot yet is asked again until it can', async () => {
  let content = Buffer.alloc(0);
  using one = await scene(
    status(503),
    (response) => response.destroy(),
    status(500),
    (response) => {
      response.writeHead(200).end(content);
    },
  );
  content = one.content;
  expect(await one.restore()).toEqual({ kind: 'restored' });
  expect(one.asked()).toBe(4);
  expect(await readdir(one.workspace)).toEqual(['a.txt']);
  expect(await readFile(join(one.workspace, 'a.txt'), 'utf8')).toBe('content');
});

test('a snapshot that is gone is not asked for again', async () => {
  using one = await scene(status(404));
  expect(await one.restore()).toEqual({ kind: 'unavailable', message: 'The bridge has no snapshot of this job.' });
  expect(one.asked()).toBe(1);
});

test('a bridge that never gives it is given up in time, with its last answer', async () => {
  using one = await scene(status(503));
  expect(await one.restore()).toEqual({ kind: 'unavailable', message: 'The bridge answered 503.' });
  expect(one.asked()).toBeGreaterThan(10);
});

/** Processes whose working folder is this one. */
async function programsIn(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, nth) => folders[nth] === folder);
}

/** Whether it has not ended at this very moment, and is not about to (`PF_EXITING`). */
function isAlive(pid: string): boolean {
  try {
    const [state, , , , , , flags] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state !== 'Z' && state !== 'X' && (Number(flags) & 0x4) === 0;
  } catch {
    return false;
  }
}

test.skipIf(process.platform !== 'linux')(
  'when a copy is given up, its programs have ended before the turn goes on',
  async () => {
    let arrived = (): void => undefined;
    const sending = new Promise<void>((resolve) => (arrived = resolve));
    // It takes no more than the connection holds, so that the programs wait with the rest.
    using one = await scene(() => {
      arrived();
    });
    await writeFile(join(one.workspace, 'large'), randomBytes(16 * 1024 * 1024));
    const transcripts = join(one.home, '.claude', 'projects', one.workspace.replace(/[^A-Za-z0-9]/g, '-'));
    await mkdir(transcripts, { recursive: true });
    await writeFile(join(transcripts, 's.jsonl'), '{"tool_use_id":"t"}\n');
    const watch = one.snapshots.watch({ token: 't', base: undefined, warn: () => undefined });
    watch.note({ type: 'session.started', at: 0, data: { sessionId: 's', model: 'm', tools: [] } });
    watch.note({ type: 'tool.called', at: 0, data: { id: 't', name: 'Bash', input: {} } });
    watch.note({ type: 'tool.returned', at: 0, data: { id: 't', ok: true, output: '' } });
    await sending;
    await expect.poll(() => programsIn(one.workspace), { timeout: 20_000 }).not.toEqual([]);
    const programs = await programsIn(one.workspace);
    await watch.stop();
    expect(programs.filter(isAlive)).toEqual([]);
  },
);
