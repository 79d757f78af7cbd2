import { describe, expect, test } from 'vitest';
import { readClaims, type TokenStatus } from './pod-claims.js';

const extra = { 'authentication.kubernetes.io/pod-name': ['p-1'], 'authentication.kubernetes.io/pod-uid': ['u-1'] };
const good: TokenStatus = {
  authenticated: true,
  audiences: ['remuda'],
  user: { username: 'system:serviceaccount:ns:sa', extra },
};

test('a token that is good names its pod, its service account and its namespace', () => {
  expect(readClaims(good, 'remuda')).toEqual({
    namespace: 'ns',
    serviceAccount: 'sa',
    pod: { name: 'p-1', uid: 'u-1' },
  });
});

describe('a token proves nothing', () => {
  test.each<[string, Partial<TokenStatus>, RegExp]>([
    ['that the API server does not know', { authenticated: false }, /not belong to this cluster, or has expired/],
    ['of which the API server says why', { authenticated: false, error: 'bad audience' }, /^bad audience$/],
    ['where the API server knows nothing of audiences', { audiences: [] }, /audience remuda/],
    ['for another audience', { audiences: ['vault'] }, /audience remuda/],
    ['of a person', { user: { username: 'alice', extra } }, /no service account/],
    ['bound to no pod', { user: { username: 'system:serviceaccount:ns:sa' } }, /bound to no pod/],
    ['of no status at all', { authenticated: undefined as never }, /has expired/],
  ])('%s', (_, own, why) => {
    expect(readClaims({ ...good, ...own }, 'remuda')).toMatch(why);
  });
});
