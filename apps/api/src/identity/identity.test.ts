import { anyone } from '@remuda/domain';
import { expect, test } from 'vitest';
import { Identity, readToken } from './identity.js';

const none = { redeem: () => Promise.resolve(undefined) };
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([
  ['Bearer abc', 'abc'],
  ['bearer  abc ', 'abc'],
  [basic('me:abc'), 'abc'],
  [basic('me:a:c'), 'a:c'],
  ['', undefined],
  ['Bearer', undefined],
  ['Bearer a b', undefined],
  ['Digest x', undefined],
])('the token of %j is %j', (header, token) => {
  expect(readToken(header, false)).toBe(token);
});

test('where no tokens are needed, a password is a proxy’s, and a token is checked all the same', async () => {
  const identity = new Identity(true, { check: (token) => Promise.reject(new Error(token)) }, none);
  expect(await identity.of({ headers: { authorization: basic('me:abc') } })).toBe(anyone);
  expect(await identity.of({ headers: {} })).toBe(anyone);
  await expect(identity.of({ headers: { authorization: 'Bearer abc' } })).rejects.toThrow('abc');
});

test('where tokens are needed, nobody is anyone', async () => {
  const identity = new Identity(false, { check: () => Promise.resolve(anyone) }, none);
  expect(await identity.of({ headers: {} })).toBeUndefined();
});

test('a ticket counts where tickets are taken, and nowhere else', async () => {
  const asked: string[] = [];
  const redeem = (hash: string) => {
    asked.push(hash);
    return Promise.resolve(undefined);
  };
  const identity = new Identity(false, { check: () => Promise.resolve(anyone) }, { redeem });
  const request = { headers: {}, url: '/x?after=1&ticket=tk_1' };
  expect(await identity.of(request)).toBeUndefined();
  await expect(identity.of(request, true)).rejects.toThrow('ticket');
  expect(asked).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
});
