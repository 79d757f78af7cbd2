import { expect, test } from 'vitest';
import { requireFirstDatabase } from './account-database.js';

const refused = expect.objectContaining({ code: 'config.invalid' }) as Error;

test.each([
  'redis://h',
  'redis://h:1/0',
  'redis+unix:///r.sock',
  'redis+unix:///r.sock?db=0',
  'redis+sentinel://h:1/m/0',
])('accounts for workers go with %s', (url) => expect(() => requireFirstDatabase('on', url)).not.toThrow());

test.each(['redis://h/1', 'redis+unix:///r.sock?db=3', 'redis+sentinel://h:1/m/2'])(
  'with %s they do not, and no accounts do',
  (url) => {
    expect(() => requireFirstDatabase('on', url)).toThrow(refused);
    expect(() => requireFirstDatabase('off', url)).not.toThrow();
  },
);
