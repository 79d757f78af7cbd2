import { expect, test } from 'vitest';
import { outgoingHeaders, tokenOf } from './headers.js';

test('drops credentials, the host and what belongs to one connection, and keeps the rest', () => {
  const headers = {
    authorization: 'Bearer x',
    'x-api-key': 'x',
    'x-remuda-token': 'x',
    'proxy-authorization': 'x',
    cookie: 'x',
    host: 'api.internal',
    connection: 'keep-alive',
    'transfer-encoding': 'chunked',
    'x-forwarded-host': 'x',
    'anthropic-version': '2023-06-01',
    'accept-encoding': 'gzip, br',
    'content-length': '2',
  };
  expect(outgoingHeaders(headers)).toEqual({
    'anthropic-version': '2023-06-01',
    'accept-encoding': 'identity',
    'content-length': '2',
  });
});

test("finds the token in the bridge's header before x-api-key, and there before the bearer", () => {
  expect(tokenOf({ 'x-remuda-token': 'a', 'x-api-key': 'b', authorization: 'Bearer c' })).toBe('a');
  expect(tokenOf({ 'x-remuda-token': '', 'x-api-key': 'b', authorization: 'Bearer c' })).toBe('b');
  expect(tokenOf({ authorization: 'bearer c' })).toBe('c');
  expect(tokenOf({ authorization: 'Basic c' })).toBeUndefined();
});
