import { expect, test } from 'vitest';
import { hostList, originList } from './allowed-sources.js';
import { sourceFault } from './source-fault.js';
import type { RequestSource } from './source-fault.js';

const allowed = {
  hosts: hostList('Remuda.example.com, 10.0.0.7:7373, [fd00::1]:80'),
  origins: originList('https://app.example'),
};
/** A program on this machine; the api listens on an address of the network as well. */
const program: RequestSource = {
  method: 'POST',
  httpVersion: '1.1',
  host: '127.0.0.1:7373',
  localAddress: '192.168.1.5',
};
const codeOf = (of: Partial<RequestSource>): string | undefined => sourceFault({ ...program, ...of }, allowed)?.code;

test.each([
  ['localhost', 'localhost:7373'],
  ['localhost in capitals, with the dot of a full name', 'LOCALHOST.:7373'],
  ['another port, as a published or forwarded one', '127.0.0.1:9999'],
  ['all of the loopback network', '127.1.2.3'],
  ['IPv6 loopback', '[::1]:7373'],
  ['the address at which it arrived, as a probe of a pod has it', '192.168.1.5:7373'],
  ['a name that is allowed, at any port', 'remuda.example.com:8443'],
  ['an address that is allowed at its port', '10.0.0.7:7373'],
  ['an IPv6 address that is allowed at its port', '[fd00::1]'],
])('%s is one of our names', (_what, host) => {
  expect(codeOf({ host })).toBeUndefined();
});

test.each(['::ffff:192.168.1.5', '::FFFF:192.168.1.5'])(
  'an IPv4 connection to an IPv6 socket (%s) is to its IPv4 address',
  (localAddress) => {
    expect(codeOf({ host: '192.168.1.5:7373', localAddress })).toBeUndefined();
  },
);

test('a link-local address is its own with the zone in which it arrived', () => {
  expect(codeOf({ host: '[fe80::1]:7373', localAddress: 'fe80::1%eth0' })).toBeUndefined();
});

test.each([
  'evil.example:7373',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'remuda.example.com.evil.example',
  'evil-remuda.example.com',
  '10.0.0.7:80',
  '10.0.0.8:7373',
  '128.0.0.1',
  '0.0.0.0:7373',
  '[::2]:7373',
])('%s is none: request.misdirected', (host) => {
  expect(codeOf({ host })).toBe('request.misdirected');
});

test.each(['', 'a b', '127.0.0.1@evil.example', '127.0.0.1/x', '127.0.0.1:port', '[::1', '%6cocalhost', '127.0.0.1#x'])(
  'a Host of %j is request.malformed',
  (host) => {
    expect(codeOf({ host })).toBe('request.malformed');
  },
);

test('no Host at all is for HTTP/1.0', () => {
  expect(codeOf({ host: undefined, httpVersion: '1.0' })).toBeUndefined();
  expect(codeOf({ host: undefined })).toBe('request.malformed');
  expect(codeOf({ host: undefined, httpVersion: '1.0', origin: 'http://localhost' })).toBe('request.forbidden');
});

test.each([
  ['its own page', { origin: 'http://127.0.0.1:7373', site: 'same-origin' }],
  ['its own page behind a proxy that has TLS', { host: 'remuda.example.com', origin: 'https://remuda.example.com' }],
  ['the same with the port told', { host: 'remuda.example.com:443', origin: 'https://remuda.example.com' }],
  ['a page of an allowed origin', { origin: 'https://app.example', site: 'cross-site' }],
  ['an address that a person typed', { method: 'GET', site: 'none', mode: 'navigate', dest: 'document' }],
  ['a link that a person followed', { method: 'GET', site: 'cross-site', mode: 'navigate', dest: 'document' }],
])('%s may use it', (_what, source) => {
  expect(codeOf(source)).toBeUndefined();
});

test.each([
  ['a page of another origin', { origin: 'https://evil.example' }],
  ['a page of another port of this machine', { origin: 'http://127.0.0.1:3000', site: 'same-site' }],
  ['a page of the same name by another address', { origin: 'http://localhost:7373' }],
  ['a page without an origin, as one in a sandbox', { origin: 'null' }],
  ['an extension', { origin: 'chrome-extension://127.0.0.1:7373' }],
  ['a page under an allowed name', { origin: 'https://app.example.evil.example' }],
  ['an image, a script, a style', { method: 'GET', site: 'cross-site', mode: 'no-cors', dest: 'image' }],
  ['another server of this machine', { method: 'GET', site: 'same-site', mode: 'no-cors', dest: 'script' }],
  ['a frame', { method: 'GET', site: 'cross-site', mode: 'navigate', dest: 'iframe' }],
  ['a form', { site: 'cross-site', mode: 'navigate', dest: 'document' }],
  ['a redirect by another origin', { origin: 'http://127.0.0.1:7373', site: 'cross-site' }],
])('%s may not: request.forbidden', (_what, source) => {
  expect(codeOf(source)).toBe('request.forbidden');
});

test('what is no host or origin is refused where it is set', () => {
  for (const wrong of ['https://a.example', 'a b', '*', 'a/b', 'a:port'])
    expect(() => hostList(wrong)).toThrow(/hosts/);
  for (const wrong of ['a.example', 'https://a.example/', '*', 'https://*'])
    expect(() => originList(wrong)).toThrow(/origins/);
});
