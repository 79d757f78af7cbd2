import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { LocalRunner } from './local-runner.js';

/** Nobody else may have this number, another run of this test neither. */
const id = 30_000_000 + process.pid;
const user = { uid: id, gid: id };
const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
const runner = new LocalRunner(user);

/** One process that hands on to a next one all the time. */
const hop = '$| = 1; print "on\\n"; for (1..99999) { exit if fork; setsid(); select undef, undef, undef, 0.001 }';

const theirs = async (): Promise<number> => (await runner.processes('')).filter((one) => one.marked).length;

describe.skipIf(process.getuid?.() !== 0)('killing a user’s processes (as root only)', () => {
  test('gets one that forks and ends all the time, each time', async () => {
    for (let round = 0; round < 3; round++) {
      const child = spawn('/usr/bin/env', ['perl', '-MPOSIX', '-e', hop], { ...user, env, cwd: '/', detached: true });
      // each of them has it, so its end says that none is left
      const gone = once(child.stdout, 'end');
      await once(child.stdout, 'data');
      await runner.killUser(5_000);
      await gone;
    }
  }, 30_000);

  test('is content where there are none', async () => {
    await runner.killUser(5_000);
    expect(await theirs()).toBe(0);
  });
});
