import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenOnSocket, makeOwnFolder } from './sockets.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sockets-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('makes a folder of its own, and refuses one that others may write to or that is somewhere else', () => {
  const own = join(folder, 'a/b');
  makeOwnFolder(own, 0o755);
  expect(statSync(own).mode & 0o777).toBe(0o755);
  makeOwnFolder(own, 0o755);
  chmodSync(own, 0o777);
  expect(() => {
    makeOwnFolder(own, 0o755);
  }).toThrow('is writable by others');
  symlinkSync(tmpdir(), join(folder, 'link'));
  expect(() => {
    makeOwnFolder(join(folder, 'link'), 0o755);
  }).toThrow('is not a folder');
});

test('never removes what is no socket', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'precious');
  await expect(listenOnSocket(createServer(), path, 0o666)).rejects.toThrow('is not a socket');
  expect(existsSync(path)).toBe(true);
});
