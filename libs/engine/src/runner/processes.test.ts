import { describe, expect, it } from 'vitest';
import { belonging, readPs, seeProcesses } from './processes.js';
import type { SeenProcess } from './runner.port.js';

const one = (pid: number, parent: number, marked = false): SeenProcess => ({ pid, parent, startedAt: 's', marked });
const pids = (list: readonly SeenProcess[]): number[] => list.map((each) => each.pid);

describe('belonging', () => {
  it('finds the marked ones and all that descends from them or from a root, in any order', () => {
    const seen = [one(5, 4), one(4, 3), one(3, 1, true), one(8, 7), one(7, 1), one(9, 1)];
    expect(pids(belonging(seen, [7]))).toEqual([5, 4, 3, 8, 7]);
  });

  it('finds nothing where nothing is marked', () => {
    expect(belonging([one(1, 0), one(2, 1)], [])).toEqual([]);
  });
});

describe('readPs', () => {
  const table = [
    '  101     1   501 Ss   Sat Nov 21 10:00:00 2026     /bin/sleep 5 HOME=/x REMUDA_SCOPE=abc TERM=xterm',
    '  102     1   502 S    Sat Nov 21 10:00:01 2026     /bin/sleep 5 REMUDA_SCOPE=abcd',
    '  103   101   501 Z    Sat Nov 21 10:00:02 2026     (sleep)',
  ].join('\n');

  it('tells the mark from a longer one, and leaves out the dead', () => {
    expect(readPs(table, { scope: 'abc' })).toEqual([
      { pid: 101, parent: 1, startedAt: 'Sat Nov 21 10:00:00 2026', program: 'sleep', marked: true },
      { pid: 102, parent: 1, startedAt: 'Sat Nov 21 10:00:01 2026', program: 'sleep', marked: false },
    ]);
  });

  it('goes by the user where the engine has one of its own', () => {
    expect(readPs(table, { scope: 'x', uid: 502 }).map((each) => each.marked)).toEqual([false, true]);
  });
});

it('sees this process and its parent, unmarked', async () => {
  const seen = await seeProcesses({ scope: 'nobody' });
  expect(seen.find((each) => each.pid === process.pid)).toMatchObject({ parent: process.ppid, marked: false });
});
