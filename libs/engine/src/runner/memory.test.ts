import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { childrenIn, memoryOf, residentKb } from './memory.js';

describe('resident memory', () => {
  test('is read from what the kernel says of a process', () => {
    expect(residentKb('Name:\tnode\nVmPeak:\t  900 kB\nVmRSS:\t   51200 kB\nRssAnon:\t  40000 kB\n')).toBe(51_200);
    expect(residentKb('Name:\tnode\nState:\tZ (zombie)\n')).toBeUndefined();
    expect(residentKb('')).toBeUndefined();
  });

  test('children are read as the kernel lists them', () => {
    expect(childrenIn('12 345 ')).toEqual([12, 345]);
    expect(childrenIn('')).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')(
    'counts what descends from a process, and nothing of one that is gone',
    async () => {
      const program =
        'const held = Buffer.alloc(64 * 1024 * 1024, 1); console.log(held.length); setInterval(() => undefined, 1e6)';
      const shell = spawn('/bin/sh', ['-c', '"$0" -e "$1"; exit 0', process.execPath, program], { detached: true });
      try {
        await once(shell.stdout, 'data');
        expect(await memoryOf([shell.pid!])).toBeGreaterThan(64 + 20);
        expect(await memoryOf([2 ** 30])).toBeUndefined();
      } finally {
        process.kill(-shell.pid!, 'SIGKILL');
      }
    },
  );
});
