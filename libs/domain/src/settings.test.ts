import { expect, test } from 'vitest';
import { integer, oneOf, readSettings, text } from './settings.js';

const table = {
  port: { env: 'PORT', about: '', unit: 'port', default: 80, parse: integer(0, 65_535) },
  mode: { env: 'MODE', about: '', unit: 'a or b', default: 'a', parse: oneOf(['a', 'b']) },
  name: { env: 'NAME', about: '', unit: 'text', parse: text },
} as const;

test('an absent or empty variable has its default', () => {
  expect(readSettings(table, { PORT: '' })).toEqual({ port: 80, mode: 'a', name: undefined });
});

test('what is given is read', () => {
  expect(readSettings(table, { PORT: '1', MODE: 'b', NAME: 'n' })).toEqual({ port: 1, mode: 'b', name: 'n' });
});

test('all faults are told together, each with its variable', () => {
  expect(() => readSettings(table, { PORT: '-1', MODE: 'c' })).toThrow(
    /2 fault.*\n.*PORT: .*\n.*MODE: expected one of a, b/,
  );
});
