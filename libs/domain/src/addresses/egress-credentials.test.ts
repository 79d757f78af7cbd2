import { describe, expect, test } from 'vitest';
import {
  credentialHeader,
  credentialHeaderFault,
  credentialWay,
  readCredentialPlace,
  type EgressCredential,
} from './egress-credentials.js';

const credential = (url: string, more: Partial<EgressCredential> = {}): EgressCredential => ({
  url,
  secret: 'S',
  as: 'bearer',
  ...more,
});
const ask = (host: string, path: string, more: { readonly port?: number; readonly method?: string } = {}) => ({
  host,
  path,
  port: 80,
  method: 'GET',
  ...more,
});

test.each([
  ['https://Npm.Example.com', { host: 'npm.example.com', port: 443, askedPort: 80, isSecure: true, path: '/' }],
  ['https://host:8443/a/b', { host: 'host', port: 8443, askedPort: 8443, isSecure: true, path: '/a/b/' }],
  ['http://10.0.0.1:4873/', { host: '10.0.0.1', port: 4873, askedPort: 4873, isSecure: false, path: '/' }],
])('%s is a place', (url, place) => {
  expect(readCredentialPlace(url)).toEqual(place);
});

test.each([
  'ftp://host/',
  'https://u:p@host/',
  'https://host/?a',
  'https://host/#a',
  'https://host:0/',
  'https://127.1/',
  'https:///',
  'host',
  'https://host/a/../b',
  'https://host/%2e%2e/',
])('%s is none', (url) => {
  expect(readCredentialPlace(url)).toBeUndefined();
});

describe('a request', () => {
  const team = credential('https://npm.example.com/team/');
  const all = [credential('https://npm.example.com/team/deep/', { secret: 'D' }), team];

  test.each(['/team/pkg', '/team', '/team/@scope%2fpkg', '/team/pkg?x=/../y'])(
    'of %s gets the credential of its path',
    (path) => {
      expect(credentialWay(ask('npm.example.com', path), all)).toMatchObject({
        credential: team,
        place: { port: 443 },
      });
    },
  );

  test('gets that of the longest path', () => {
    expect(credentialWay(ask('npm.example.com', '/team/deep/x'), all)?.credential?.secret).toBe('D');
  });

  test.each([
    '/',
    '/teams/x',
    '/other/team/',
    '/team/../other',
    '/team/%2e%2E/other',
    '/team/..%2fother',
    '/team/%2f..',
    '//team/',
    '/team//x',
    '/team\\..\\x',
  ])('of %s gets none, and goes the same way', (path) => {
    const way = credentialWay(ask('npm.example.com', path), all);
    expect([way?.credential, way?.place.isSecure]).toEqual([undefined, true]);
  });

  test('of another host or port has no such way', () => {
    for (const other of [
      ask('example.com', '/team/x'),
      ask('npm.example.com', '/team/x', { port: 443 }),
      ask('x.npm.example.com', '/team/x'),
    ])
      expect(credentialWay(other, all)).toBeUndefined();
  });

  test('that may change something gets one only if that is allowed', () => {
    const write = credential('https://h/', { write: true });
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']) {
      expect(credentialWay(ask('npm.example.com', '/team/x', { method }), all)?.credential).toBeUndefined();
      expect(credentialWay(ask('h', '/x', { method }), [write])?.credential).toBe(write);
    }
    expect(
      credentialWay(ask('npm.example.com', '/team/a.git/git-upload-pack', { method: 'POST' }), all)?.credential,
    ).toBe(team);
    expect(
      credentialWay(ask('npm.example.com', '/team/a.git/git-receive-pack', { method: 'POST' }), all)?.credential,
    ).toBeUndefined();
  });
});

test('a secret becomes a header, or none if it cannot be a part of one', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  expect(credentialHeader(credential('https://h/'), 'abc', base64)).toEqual(['authorization', 'Bearer abc']);
  expect(credentialHeader(credential('https://h/', { as: 'basic' }), 'u:p', base64)).toEqual([
    'authorization',
    'Basic dTpw',
  ]);
  expect(credentialHeader(credential('https://h/', { as: 'header', header: 'X-Api-Key' }), 'abc', base64)).toEqual([
    'x-api-key',
    'abc',
  ]);
  expect(credentialHeader(credential('https://h/', { as: 'basic' }), 'no-colon', base64)).toBeUndefined();
  for (const odd of ['', ' a', 'a\r\nx: y', 'ü', 'a\u0000'])
    expect(credentialHeader(credential('https://h/'), odd, base64)).toBeUndefined();
});

test('a header that says how a message is read is none for a secret', () => {
  for (const name of ['host', 'Content-Length', 'transfer-encoding', 'proxy-authorization', 'a b', ''])
    expect(credentialHeaderFault(name)).toBeDefined();
  expect(credentialHeaderFault('x-api-key')).toBeUndefined();
});
