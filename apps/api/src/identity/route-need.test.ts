import { anyone } from '@remuda/domain';
import { expect, test } from 'vitest';
import { needOf, refuseRoute } from './route-need.js';

const client = { ...anyone, scopes: ['jobs:read', 'jobs:write', 'sessions:read', 'sessions:write'] as const };

test.each(['/health/live', '/health/ready', '/api/docs', '/api/docs-json', '/api/docs/*', '/console/index-1.js'])(
  '%s is open',
  (url) => {
    expect(refuseRoute({ method: 'GET', url, config: {} }, undefined)).toBeUndefined();
  },
);

test.each(['/metrics', '/admin/queues', '/admin/queues/api/queues', '/healthy', '/api/v1/forgotten', '/api/docsx'])(
  '%s is the operator’s',
  (url) => {
    const route = { method: 'GET', url, config: {} };
    expect(refuseRoute(route, undefined)?.code).toBe('token.missing');
    expect(refuseRoute(route, client)?.code).toBe('token.scope_missing');
    expect(refuseRoute(route, anyone)).toBeUndefined();
  },
);

test('a button of the board steers, and looking at it does not', () => {
  const url = '/admin/queues/api/queues/:queue/clean';
  expect(needOf({ method: 'PUT', url, config: {} })).toEqual({ need: 'admin', steers: true, tickets: false });
  expect(needOf({ method: 'GET', url, config: {} }).steers).toBe(false);
});

test('what a route says of itself counts', () => {
  const config = { need: 'jobs:read', steers: false, tickets: true } as const;
  expect(needOf({ method: 'POST', url: '/metrics', config })).toEqual(config);
});
