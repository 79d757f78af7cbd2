import { expect, test } from 'vitest';
import { refuseAccess, type Need } from './access.js';
import type { Principal } from './principal.js';
import { isTenantName, scopes, type Scope } from './scope.js';

const with_ = (...held: Scope[]): Principal => ({ subject: 'ann', tenant: 'a', scopes: held, by: 'jwt' });

test('a route that needs nothing is for everyone', () => {
  expect(refuseAccess('nothing', undefined)).toBeUndefined();
});

test.each<Need>(['token', ...scopes])('without a token a route that needs %s is refused', (need) => {
  expect(refuseAccess(need, undefined)?.code).toBe('token.missing');
});

test.each(scopes)('the scope %s allows what needs it, and nothing that needs another one', (scope) => {
  const allowed = scopes.filter((need) => refuseAccess(need, with_(scope)) === undefined);
  expect(allowed).toEqual([scope]);
});

test('a token without any scope is a token', () => {
  expect(refuseAccess('token', with_())).toBeUndefined();
  expect(refuseAccess('jobs:read', with_())?.message).toContain('jobs:read');
});

test.each(['', 'a.b', 'a:b', 'a b', 'ä', '*', 'a\n', 'x'.repeat(64)])('%j is no name of a tenant', (name) => {
  expect(isTenantName(name)).toBe(false);
});
