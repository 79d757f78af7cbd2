import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeError, watchErrors } from './watch-errors.js';

const line = (level: string, msg: string, err?: object): string =>
  `${JSON.stringify({ level, name: 'api', msg, err })}\n`;

test('an error is told with its reason; other lines, and what is no JSON, are not', () => {
  expect(describeError(line('error', 'could not', { message: 'no room' }))).toBe('api: could not: no room');
  expect(describeError(line('fatal', 'gone'))).toBe('api: gone');
  expect(describeError(line('warn', 'hm'))).toBeUndefined();
  expect(describeError('Redis is ready')).toBeUndefined();
});

test('errors are told once each, and only when their line is whole', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'watch-errors-'));
  const told: string[] = [];
  const log = join(dir, 'api.log');
  await writeFile(log, line('error', 'one') + line('info', 'two') + line('error', 'three').slice(0, 10));
  const end = watchErrors(dir, (said) => told.push(said));
  await expect.poll(() => told).toEqual(['api: one']);
  await appendFile(log, line('error', 'three').slice(10));
  await end();
  expect(told).toEqual(['api: one', 'api: three']);
  await rm(dir, { recursive: true });
});
