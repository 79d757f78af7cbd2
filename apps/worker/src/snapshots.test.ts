import { execFileSync } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
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
    workspace,
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
