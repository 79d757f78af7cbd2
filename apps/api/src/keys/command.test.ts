import { expect, test } from 'vitest';
import { readCommand } from './command.js';

test('a key is created for a tenant, with its scopes, under the tenant’s name if it has none of its own', () => {
  const words = ['create', '--tenant', 'a', '--scopes', 'jobs:read, jobs:write,jobs:read', '--days', '30'];
  const scopes = ['jobs:read', 'jobs:write'];
  expect(readCommand(words)).toEqual({ what: 'create', tenant: 'a', name: 'a', scopes, days: 30 });
});

test('the others are short', () => {
  expect(readCommand(['list'])).toEqual({ what: 'list' });
  expect(readCommand(['revoke', '0123'])).toEqual({ what: 'revoke', id: '0123' });
});

test.each([
  ['', /Usage/],
  ['list all', /Usage/],
  ['revoke', /Usage/],
  ['create --scopes admin', /--tenant: expected/],
  ['create --tenant a.b --scopes admin', /--tenant: expected/],
  ['create --tenant a', /--scopes: expected some of jobs:read.*not ""/],
  ['create --tenant a --scopes jobs:all', /not "jobs:all"/],
  ['create --tenant a --scopes admin --days 0', /--days/],
  ['create --tenant a --scopes admin --forever', /forever/],
])('%j is refused', (line, reason) => {
  expect(() => readCommand(line.split(' ').filter((word) => word !== ''))).toThrow(reason);
});
