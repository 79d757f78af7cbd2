import { expect, test } from 'vitest';
import { createLogger } from './log.js';
import { NestLogger } from './nest-log.js';

function written(level: 'debug' | 'info') {
  const lines: unknown[] = [];
  const logger = createLogger({ name: 'api', level }, { write: (line) => lines.push(JSON.parse(line)) });
  return { lines, nest: new NestLogger(logger) };
}

test('what NestJS says goes into our log with the part that said it', () => {
  const { lines, nest } = written('info');
  nest.warn('slow', 'Router');
  nest.error('failed', 'Error: at x', 'Router');
  nest.error(new Error('boom'), 'Router');
  expect(lines).toMatchObject([
    { level: 'warn', context: 'Router', msg: 'slow' },
    { level: 'error', context: 'Router', stack: 'Error: at x', msg: 'failed' },
    { level: 'error', context: 'Router', msg: 'boom', err: { message: 'boom' } },
  ]);
});

test('its tale of modules and routes is for debug', () => {
  const { lines, nest } = written('info');
  nest.log('Mapped {/, GET} route', 'RouterExplorer');
  expect(lines).toEqual([]);
  const debug = written('debug');
  debug.nest.log('Mapped {/, GET} route', 'RouterExplorer');
  expect(debug.lines).toMatchObject([{ level: 'debug', context: 'RouterExplorer' }]);
});

test('a failed start is not told twice', () => {
  const { lines, nest } = written('info');
  nest.error(new Error('boom'), 'ExceptionHandler');
  expect(lines).toEqual([]);
});
