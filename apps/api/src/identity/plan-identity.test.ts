import { readSettings } from '@remuda/domain';
import { expect, test } from 'vitest';
import { apiSettings } from '../settings.js';
import { planIdentity } from './plan-identity.js';

const plan = (env: Record<string, string>) => planIdentity(readSettings(apiSettings, env));
const secret = { REMUDA_JWT_SECRET: 'x'.repeat(32) };
const issuer = { REMUDA_JWT_ISSUER: 'https://i.example', REMUDA_JWT_AUDIENCE: 'remuda' };
const everywhere = { REMUDA_API_HOST: '0.0.0.0' };

test.each(['127.0.0.1', '::1', 'localhost', '127.9.9.9'])('on %s no tokens are needed by default', (host) => {
  expect(plan({ REMUDA_API_HOST: host })).toEqual({ open: true, exposed: false });
});

test.each([
  ['by JWTs', secret],
  ['by API keys', { REMUDA_API_TOKENS: '1' }],
])('tokens %s are needed wherever they are configured', (_how, env) => {
  expect(plan(env).open).toBe(false);
  expect(plan({ ...env, ...everywhere }).open).toBe(false);
});

test.each([
  ['another address', everywhere],
  ['an address that looks like loopback', { REMUDA_API_HOST: '127.0.0.1.example.com' }],
  ['all addresses of IPv6', { REMUDA_API_HOST: '::' }],
  ['loopback behind a proxy', { REMUDA_API_HOSTS: 'remuda.example.com' }],
  ['no tokens by order', { ...everywhere, REMUDA_API_TOKENS: '0' }],
])('it refuses %s without tokens, unless told so loudly', (_what, env) => {
  expect(() => plan(env)).toThrow(/REMUDA_API_TOKENS=1.*REMUDA_ALLOW_NO_TOKENS=1/s);
  expect(plan({ ...env, REMUDA_ALLOW_NO_TOKENS: '1' })).toEqual({ open: true, exposed: true });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['keys without an issuer', { REMUDA_JWKS_URL: 'https://i.example/jwks' }, /needs REMUDA_JWT_ISSUER and/],
  ['an issuer without keys', issuer, /need REMUDA_JWT_SECRET or/],
  ['JWTs that nobody has to have', { ...secret, REMUDA_API_TOKENS: '0' }, /cannot be combined/],
  ['a short secret', { REMUDA_JWT_SECRET: 'x'.repeat(31) }, /at least 32/],
  ['keys that anyone on the way can change', { ...issuer, REMUDA_JWKS_URL: 'http://i.example/jwks' }, /https/],
])('it refuses %s', (_what, env, reason) => {
  expect(() => plan(env)).toThrow(reason);
});

test('keys of an issuer on this machine may come without TLS', () => {
  const { jwt } = plan({ ...issuer, REMUDA_JWKS_URL: 'http://127.0.0.1:1/jwks' });
  expect(jwt).toMatchObject({ issuer: 'https://i.example', audience: 'remuda', tenantClaim: 'tenant' });
});
