import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startProcess, type ProcessPlan } from '../../../apps/local/src/cluster/kept-process.js';

const fixture = (name: string): string => join(import.meta.dirname, 'fixture', name);
const within = { timeout: 20_000, interval: 20 };

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kept-process-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const log = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
const app = (): ProcessPlan => ({
  name: 'app',
  run: { app: fixture('app.mjs') },
  env: process.env,
  log: join(dir, 'app.log'),
});

describe('a kept process', () => {
  test('ends in good order when it is stopped, and stopping twice is stopping once', async () => {
    const kept = startProcess(app());
    await expect.poll(() => log('app.log'), within).toBe('up\n');
    await Promise.all([kept.stop(10_000), kept.stop(10_000)]);
    expect(await kept.ended).toBe('app ended with code 0');
    expect(await log('app.log')).toBe('up\nended in good order\n');
  });

  test('is killed when it does not end in time', async () => {
    const stubborn = ['-c', 'trap "" TERM; echo up; while :; do sleep 0.05; done'];
    const kept = startProcess({ ...app(), run: { program: 'sh', lingerMs: 0 }, args: stubborn });
    await expect.poll(() => log('app.log'), within).toBe('up\n');
    await kept.stop(50);
    expect(await kept.ended).toBe('app ended with SIGKILL');
  });

  test('tells how it ended by itself', async () => {
    const kept = startProcess({ ...app(), run: { program: 'sh', lingerMs: 0 }, args: ['-c', 'exit 3'] });
    expect(await kept.ended).toBe('app ended with code 3');
  });

  test('reads the text that it is given, and no terminal', async () => {
    const kept = startProcess({ ...app(), run: { program: 'cat', lingerMs: 0 }, input: 'requirepass secret\n' });
    await kept.ended;
    expect(await log('app.log')).toBe('requirepass secret\n');
  });

  test('does not outlive the process that started it, even when that one is killed', async () => {
    const starter = fork(fixture('starter.mjs'), [dir], { stdio: 'inherit' });
    const [pids] = (await once(starter, 'message')) as [{ app: number; program: number }];
    await expect.poll(() => log('app.log'), within).toBe('up\n');
    expect([runs(pids.app), runs(pids.program)]).toEqual([true, true]);
    starter.kill('SIGKILL');
    await expect.poll(() => [runs(pids.app), runs(pids.program)], within).toEqual([false, false]);
    expect(await log('app.log')).toBe('up\nended in good order\n');
  });
});

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
