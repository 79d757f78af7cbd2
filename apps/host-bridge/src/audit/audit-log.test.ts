import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@remuda/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readArguments } from '../request/arguments.js';
import { AuditLog } from './audit-log.js';
import { shownArguments } from './shown-arguments.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('lines are appended across restarts, and whole files are put aside and forgotten in order', () => {
  const path = join(folder, 'audit.jsonl');
  for (let start = 0; start < 2; start++) {
    const log = new AuditLog({ path, maxBytes: 400, keep: 2 }, systemClock);
    for (let n = 0; n < 10; n++) log.write({ event: 'run', client: 'a', n: start * 10 + n });
    log.close();
  }
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const files = [`${path}.2`, `${path}.1`, path].map((file) => readFileSync(file, 'utf8'));
  for (const file of files) expect(Buffer.byteLength(file)).toBeLessThanOrEqual(400);
  const numbers = files.flatMap((file) => file.trim().split('\n')).map((line) => (JSON.parse(line) as { n: number }).n);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 20 - numbers.length + i));
  expect(existsSync(`${path}.3`)).toBe(false);
});

test('a link in the place of the file is refused', () => {
  symlinkSync('/dev/null', join(folder, 'audit.jsonl'));
  expect(() => new AuditLog({ path: join(folder, 'audit.jsonl'), maxBytes: 1, keep: 1 }, systemClock)).toThrow(
    'cannot be written',
  );
});

test('what cannot be recorded is refused', () => {
  const log = new AuditLog({ path: '/dev/full', maxBytes: 1e6, keep: 1 }, systemClock);
  expect(() => {
    log.write({ event: 'run' });
  }).toThrow('nothing runs');
  log.close();
});

test('prompts and secrets are not written down, flags and harmless values are', () => {
  const read = readArguments(['-p', '--model', 'opus', '--system-prompt', 'secret words', 'fix sk-ant-123']);
  if ('fault' in read) throw new Error(read.fault);
  const shown = shownArguments(read).join(' ');
  expect(shown).toContain('--print --model=opus --system-prompt=<12 characters, sha256 ');
  expect(shown).not.toMatch(/secret words|sk-ant/);
});
