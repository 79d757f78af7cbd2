import { expect, test } from 'vitest';
import { readProfiles } from './profiles.js';

const defaults = { image: 'i', warm: 1, max: 1 };
const read = (egressCredentials: unknown) =>
  readProfiles({ profiles: { p: { egressCredentials } } }, defaults)[0]?.egressCredentials;

test('credentials of a profile are read with their hosts in one form', () => {
  expect(
    read([
      { url: 'https://Npm.Example.com', secret: 'EGRESS_NPM' },
      { url: 'http://10.0.0.1:4873/a', secret: 'A', as: 'header', header: 'X-Api-Key', write: true },
    ]),
  ).toEqual([
    { url: 'https://npm.example.com:443/', secret: 'EGRESS_NPM', as: 'bearer' },
    { url: 'http://10.0.0.1:4873/a/', secret: 'A', as: 'header', header: 'X-Api-Key', write: true },
  ]);
  expect(read(undefined)).toBeUndefined();
});

test.each<[string, unknown]>([
  ['egressCredentials', 'npm'],
  ['egressCredentials[0].url', [{ url: 'https://u:p@host/', secret: 'A' }]],
  ['egressCredentials[0].url', [{ url: 'npm.example.com', secret: 'A' }]],
  ['egressCredentials[0].secret', [{ url: 'https://host/', secret: 'a-b' }]],
  ['egressCredentials[0].secret', [{ url: 'https://host/' }]],
  ['egressCredentials[0].as', [{ url: 'https://host/', secret: 'A', as: 'digest' }]],
  ['egressCredentials[0].header', [{ url: 'https://host/', secret: 'A', as: 'header' }]],
  ['egressCredentials[0].header', [{ url: 'https://host/', secret: 'A', as: 'header', header: 'host' }]],
  ['egressCredentials[0].header', [{ url: 'https://host/', secret: 'A', header: 'x-a' }]],
  ['egressCredentials[0].token', [{ url: 'https://host/', secret: 'A', token: 'abc' }]],
])('%s is named if it is wrong', (path, value) => {
  expect(() => read(value)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(`profiles.p.${path}`) as string }) as Error,
  );
});
