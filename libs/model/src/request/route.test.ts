import { expect, test } from 'vitest';
import { routeOf } from './route.js';

test('knows the three requests of Claude Code, with its query and without', () => {
  expect(routeOf('HEAD', '/')).toBe('probe');
  expect(routeOf('POST', '/v1/messages')).toBe('messages');
  expect(routeOf('POST', '/v1/messages?beta=true')).toBe('messages');
  expect(routeOf('POST', '/v1/messages/count_tokens?beta=true')).toBe('count_tokens');
});

test.each([
  '/v1/messages/',
  '/V1/messages',
  '/v1/%6dessages',
  '/v1//messages',
  '/v1/messages/../x',
  '/v1/messages?',
  '/v1/messages?beta=true&x=1',
  '/v1/messages?beta=true?beta=true',
  '',
  '*',
  '/constructor',
])('knows nothing of POST %s', (url) => {
  expect(routeOf('POST', url)).toBeUndefined();
});
