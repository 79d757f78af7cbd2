import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../apps/local/src/cluster/free-port.js';

/** A repository that is served as anybody's is: by git's own daemon, on loopback. */
export interface GitServer extends AsyncDisposable {
  readonly url: string;
  /** The repository itself, which can be pushed to. */
  readonly folder: string;
  readonly head: string;
  /** A clone of it, to try a patch on. */
  clone(): Promise<string>;
}

/** Serves a repository with these files on its branch `main`. */
export async function serveRepository(files: Readonly<Record<string, string>>, at?: number): Promise<GitServer> {
  const dir = await mkdtemp(join(tmpdir(), 'remuda-git-'));
  const origin = join(dir, 'origin');
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], { cwd, stdio: 'pipe' })
      .toString()
      .trim();
  git(dir, 'init', '-q', '-b', 'main', origin);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(origin, name)), { recursive: true });
    await writeFile(join(origin, name), text);
  }
  git(origin, 'add', '.');
  git(origin, 'commit', '-q', '-m', 'begin');
  const port = at ?? (await freePort());
  const args = [
    'daemon',
    '--export-all',
    `--base-path=${dir}`,
    '--listen=127.0.0.1',
    '--reuseaddr',
    `--port=${port}`,
    dir,
  ];
  const daemon = spawn('git', args, { stdio: 'ignore', detached: true });
  await answers(port);
  let clones = 0;
  return {
    url: `git://127.0.0.1:${port}/origin`,
    folder: origin,
    head: git(origin, 'rev-parse', 'HEAD'),
    clone: () => {
      const to = join(dir, `clone-${++clones}`);
      git(dir, 'clone', '-q', origin, to);
      return Promise.resolve(to);
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(daemon, 'exit');
      // The daemon proper is a child of what was started.
      process.kill(-(daemon.pid ?? 0), 'SIGTERM');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1');
    const there = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (there) return;
    await sleep(50);
  }
  throw new Error(`git's daemon does not answer on port ${port}`);
}
