import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withCommits, type CommitsAim } from '@remuda/engine';
import { gitIn } from '../../git-over-http.js';

let root: string;
let folder: string;
let base: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'remuda-commits-'));
  folder = join(root, 'work');
  gitIn(root, 'init', '-q', '-b', 'main', folder);
  writeFileSync(join(folder, 'a.txt'), 'one\n');
  gitIn(folder, 'add', '.');
  gitIn(folder, 'commit', '-q', '-m', 'begin');
  base = gitIn(folder, 'rev-parse', 'HEAD');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** What would be sent, unpacked into a clone of the state before. */
async function sent(aim: Partial<CommitsAim> = {}) {
  const at = { folder, env: { PATH: process.env['PATH'] ?? '' } };
  return withCommits(at, { base, uncommitted: 'commit', message: 'the rest', ...aim }, async ({ pack, ...rest }) => {
    const chunks: Buffer[] = [];
    for await (const chunk of pack(new AbortController().signal)) chunks.push(chunk);
    const clone = mkdtempSync(join(root, 'clone-'));
    gitIn(clone, 'init', '-q', '--bare');
    gitIn(clone, 'fetch', '-q', folder, base);
    execFileSync('git', ['index-pack', '--strict', '--stdin'], { cwd: clone, input: Buffer.concat(chunks) });
    const subjects = gitIn(clone, 'log', '--format=%s', `${base}..${rest.head}`).split('\n');
    return { ...rest, subjects, files: gitIn(clone, 'ls-tree', '-r', '--name-only', rest.head).split('\n') };
  });
}

test('what is not committed becomes one last commit; the job’s repository stays as it is', async () => {
  writeFileSync(join(folder, 'b.txt'), 'two\n');
  gitIn(folder, 'add', 'b.txt');
  gitIn(folder, 'commit', '-q', '-m', 'add b');
  writeFileSync(join(folder, '.gitignore'), 'ignored\n');
  writeFileSync(join(folder, 'ignored'), 'x');
  writeFileSync(join(folder, 'c.txt'), 'three\n');
  rmSync(join(folder, 'a.txt'));
  const before = gitIn(folder, 'status', '--porcelain');
  expect(await sent()).toMatchObject({
    uncommitted: 'committed',
    subjects: ['the rest', 'add b'],
    files: ['.gitignore', 'b.txt', 'c.txt'],
  });
  expect(gitIn(folder, 'status', '--porcelain')).toBe(before);
  expect(readdirSync(folder).filter((name) => name.startsWith('.remuda'))).toEqual([]);
});

test('or is left, which is said', async () => {
  writeFileSync(join(folder, 'b.txt'), 'two\n');
  expect(await sent({ uncommitted: 'leave' })).toEqual({ none: 'left' });
  gitIn(folder, 'add', 'b.txt');
  gitIn(folder, 'commit', '-q', '-m', 'add b');
  writeFileSync(join(folder, 'c.txt'), 'three\n');
  expect(await sent({ uncommitted: 'leave' })).toMatchObject({
    uncommitted: 'left',
    subjects: ['add b'],
    files: ['a.txt', 'b.txt'],
  });
});

test('a job that has changed nothing sends nothing', async () => {
  expect(await sent()).toEqual({ none: 'clean' });
});

test('merges are sent whole', async () => {
  gitIn(folder, 'checkout', '-q', '-b', 'side');
  writeFileSync(join(folder, 'b.txt'), 'two\n');
  gitIn(folder, 'add', '.');
  gitIn(folder, 'commit', '-q', '-m', 'side');
  gitIn(folder, 'checkout', '-q', 'main');
  gitIn(folder, 'merge', '-q', '--no-ff', '-m', 'merge', 'side');
  expect(await sent()).toMatchObject({ subjects: ['merge', 'side'] });
});

test('history that does not go on from the base is not sent', async () => {
  gitIn(folder, 'checkout', '-q', '--orphan', 'alone');
  gitIn(folder, 'commit', '-q', '-m', 'alone');
  await expect(sent()).rejects.toMatchObject({ code: 'workspace.failed' });
});

test('no hook, filter or program of the repository runs, and no link is followed', async () => {
  const marker = join(root, 'ran');
  const evil = join(folder, '.git', 'evil');
  writeFileSync(evil, `#!/bin/sh\ntouch ${marker}\ncat\n`);
  chmodSync(evil, 0o755);
  for (const key of [
    'filter.evil.clean',
    'filter.evil.process',
    'core.fsmonitor',
    'gpg.program',
    'uploadpack.packObjectsHook',
  ])
    gitIn(folder, 'config', key, evil);
  gitIn(folder, 'config', 'commit.gpgSign', 'true');
  writeFileSync(join(folder, '.gitattributes'), '* filter=evil\n');
  writeFileSync(join(folder, '.git', 'hooks', 'pre-commit'), `#!/bin/sh\ntouch ${marker}\n`);
  chmodSync(join(folder, '.git', 'hooks', 'pre-commit'), 0o755);
  writeFileSync(join(root, 'outside'), 'secret');
  symlinkSync(join(root, 'outside'), join(folder, 'link'));
  expect(await sent()).toMatchObject({ uncommitted: 'committed', subjects: ['the rest'] });
  expect(readdirSync(root)).not.toContain('ran');
});
