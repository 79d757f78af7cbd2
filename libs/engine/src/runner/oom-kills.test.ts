import { describe, expect, test } from 'vitest';
import { isOutOfMemory, readOomKills } from './oom-kills.js';

describe("the kernel's count of processes that it killed for want of memory", () => {
  test('is read from either version of cgroups', () => {
    expect(readOomKills('low 0\nhigh 0\nmax 31\noom 2\noom_kill 3\noom_group_kill 0\n')).toBe(3);
    expect(readOomKills('oom_kill_disable 0\nunder_oom 0\noom_kill 1\n')).toBe(1);
  });

  test('is unknown where neither is there', () => {
    expect(readOomKills('')).toBeUndefined();
    expect(readOomKills('oom_kill_disable 0\nunder_oom 0\n')).toBeUndefined();
  });
});

describe('a Claude Code that ended', () => {
  const killed = { signal: 'SIGKILL', ours: false, killsBefore: 1, killsAfter: 2 };

  test('was out of memory when it was killed, not by us, and the count rose', () => {
    expect(isOutOfMemory(killed)).toBe(true);
  });

  test.each([
    ['somebody else killed it', { ...killed, killsAfter: 1 }],
    ['we killed it, though a tool was out of memory before', { ...killed, ours: true }],
    ['it ended by itself after a tool was out of memory', { ...killed, signal: null }],
    ['it got another signal', { ...killed, signal: 'SIGSEGV' }],
    ['the kernel does not count', { ...killed, killsBefore: undefined, killsAfter: undefined }],
  ])('was not when %s', (_, seen) => {
    expect(isOutOfMemory(seen)).toBe(false);
  });
});
