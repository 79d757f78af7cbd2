import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const scripts = join(import.meta.dirname, 'fixture/scripts');
const within = { timeout: 30_000, interval: 50 };

test.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  'what npm started ends in good order when npm is gone by %s',
  async (signal) => {
    const dir = await mkdtemp(join(tmpdir(), 'starter-'));
    const file = join(dir, 'log');
    const log = (): Promise<string> => readFile(file, 'utf8').catch(() => '');
    const npm = spawn('npm', ['start', '--silent'], { cwd: scripts, env: { ...process.env, FIXTURE_LOG: file } });
    const gone = once(npm, 'exit');
    await expect.poll(log, within).toBe('up\n');
    npm.kill(signal);
    await gone;
    await expect.poll(log, within).toBe('up\nended in good order\n');
    await rm(dir, { recursive: true });
  },
);
