import { expect, test } from 'vitest';
import { createLogger } from './log.js';
import type { LogLevel } from './log.js';

const written = (level?: LogLevel) => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): number => lines.push(JSON.parse(line) as Record<string, unknown>);
  return { lines, logger: createLogger({ name: 'api', ...(level === undefined ? {} : { level }) }, { write }) };
};

test('a line is a JSON object with name, level, time and the fields of its logger', () => {
  const { lines, logger } = written();
  logger.child({ worker: 'w-1' }).info({ job: 'j-1' }, 'job taken');
  expect(lines).toMatchObject([{ name: 'api', level: 'info', worker: 'w-1', job: 'j-1', msg: 'job taken' }]);
  expect(Date.parse(String(lines[0]?.['time']))).not.toBeNaN();
});

test('lines below the level are not written', () => {
  const { lines, logger } = written('warn');
  logger.info('quiet');
  logger.warn('loud');
  expect(lines).toHaveLength(1);
});

test('secrets are not written', () => {
  const { lines, logger } = written();
  logger.info({ token: 't0p', headers: { authorization: 'Bearer t0p' } }, 'request');
  expect(JSON.stringify(lines)).not.toContain('t0p');
});
