import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  egressFault,
  isEgressAllowed,
  narrowEgress,
  readEgress,
  readEgressTarget,
  readHost,
  writeEgressRule,
} from './egress-rules.js';

/** Stands for `domainToASCII`, which reads full-width digits as an address. */
const toAscii = (name: string): string =>
  name.replace('bücher', 'xn--bcher-kva').replace('BÜCHER', 'xn--bcher-kva').replace('１２７', '127');

test.each([
  ['registry.npmjs.org', 'registry.npmjs.org'],
  ['Registry.NPMJS.org.', 'registry.npmjs.org'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['BÜCHER.example.', 'xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['localhost', 'localhost'],
  ['140.82.121.4', '140.82.121.4'],
  ['[2606:50C0:8000::153]', '[2606:50c0:8000:0:0:0:0:153]'],
  ['[2606:50c0:8000:0:0:0:0:153]', '[2606:50c0:8000:0:0:0:0:153]'],
  ['[::ffff:140.82.121.4]', '140.82.121.4'],
])('%s is the host %s', (text, host) => {
  expect(readHost(text, toAscii)).toBe(host);
});

test.each([
  ...['', '.', '..', 'a..b', '.a', 'a b', 'a/b', 'a?b', 'a#b', 'a%2eb', 'a\\b', 'a\0b', 'user@host', 'user:pass@host'],
  ...['127.1', '127.0.1', '0x7f.1', '0x7f000001', '2130706433', '0177.0.0.1', '127.0.0.01', '127.0.0.1.', '1.2.3.4.5'],
  ...['::1', 'fd00::1', '[::1', '::1]', '[::1]x', '[127.0.0.1]', '[fe80::1%25eth0]', '[]', '[1:2]', '1２7.0.0.1'],
  ...['１２７.0.0.1', `${'a'.repeat(64)}.example`, 'a.'.repeat(130), '-a.example', 'bü cher.example', '例え'],
])('%j is no host', (text) => {
  expect(readHost(text, text === '例え' ? undefined : toAscii)).toBeUndefined();
});

test.each([
  ['a.example:443', { host: 'a.example', port: 443 }],
  ['A.example.:8080', { host: 'a.example', port: 8080 }],
  ['[::1]:80', { host: '[0:0:0:0:0:0:0:1]', port: 80 }],
  ['10.0.0.1:80', { host: '10.0.0.1', port: 80 }],
])('%s is where a connection goes', (text, target) => {
  expect(readEgressTarget(text)).toEqual(target);
});

test.each(['a.example', 'a.example:', 'a.example:0', 'a.example:65536', 'a.example:443443', ':443', '::1:443'])(
  '%j names no host and port',
  (text) => {
    expect(readEgressTarget(text)).toBeUndefined();
  },
);

test.each(['a.example@b.example:443', 'https://a.example:443', 'a.example:443/x', 'a.example :443', 'a.example:+443'])(
  '%j is not guessed at',
  (text) => {
    expect(readEgressTarget(text)).toBeUndefined();
  },
);

test.each(['*', '*.', 'a.*.example', '**.example', '*a.example', '*.10.0.0.1', '*.[::1]', 'https://a.example', 'a:b'])(
  '%j is no entry of egress',
  (text) => {
    expect(egressFault(text)).toContain('must be a host, *.host, host:port or one of node, python');
    expect(readEgress([text])).toEqual([]);
  },
);

test('without a port, the two of the web are meant; a port is that port alone', () => {
  const rules = readEgress(['a.example', 'b.example:8080']);
  const open = (host: string, port: number): boolean => isEgressAllowed({ host, port }, rules);
  expect([open('a.example', 443), open('a.example', 80), open('b.example', 8080)]).toEqual([true, true, true]);
  expect([open('a.example', 22), open('b.example', 443), open('c.example', 443)]).toEqual([false, false, false]);
});

test('names below a host do not include the host, nor one that ends like it', () => {
  const rules = readEgress(['*.a.example']);
  const open = (host: string): boolean => isEgressAllowed({ host, port: 443 }, rules);
  expect([open('x.a.example'), open('y.x.a.example')]).toEqual([true, true]);
  expect([open('a.example'), open('xa.example'), open('a.example.evil.example')]).toEqual([false, false, false]);
});

test('a preset stands for the registries of its ecosystem', () => {
  const rules = readEgress(['node', 'python']);
  expect(isEgressAllowed({ host: 'registry.npmjs.org', port: 443 }, rules)).toBe(true);
  expect(isEgressAllowed({ host: 'files.pythonhosted.org', port: 443 }, rules)).toBe(true);
  expect(isEgressAllowed({ host: 'proxy.golang.org', port: 443 }, rules)).toBe(false);
  expect(egressFault('toString')).toBeUndefined();
  expect(readEgress(['toString'])).toEqual([{ kind: 'host', host: 'tostring' }]);
});

test('a job gets what both its profile and itself name', () => {
  const both = (one: readonly string[], other: readonly string[]): readonly string[] =>
    narrowEgress(readEgress(one), readEgress(other)).map(writeEgressRule);
  expect(both(['*.a.example', 'b.example'], ['x.a.example:443', 'c.example'])).toEqual(['x.a.example:443']);
  expect(both(['*.a.example'], ['*.b.a.example', '*.example'])).toEqual(['*.b.a.example', '*.a.example']);
  expect(both(['a.example:8080'], ['a.example'])).toEqual([]);
  expect(both(['node'], ['node', 'python'])).toEqual(readEgress(['node']).map(writeEgressRule));
  expect(both(['node'], [])).toEqual([]);
});

const label = fc.constantFrom('a', 'b', 'xn--c');
const host = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
const port = fc.constantFrom(80, 443, 8080);
const entry = fc
  .record({ below: fc.boolean(), host, port: fc.option(port) })
  .map((rule) => `${rule.below ? '*.' : ''}${rule.host}${rule.port === null ? '' : `:${String(rule.port)}`}`);
const entries = fc.array(entry, { maxLength: 4 });

test('narrowing allows exactly what both lists allow, in either order', () => {
  fc.assert(
    fc.property(entries, entries, host, port, (one, other, name, at) => {
      const [a, b] = [readEgress(one), readEgress(other)];
      const target = { host: name, port: at };
      const both = isEgressAllowed(target, a) && isEgressAllowed(target, b);
      expect(isEgressAllowed(target, narrowEgress(a, b))).toBe(both);
      expect(isEgressAllowed(target, narrowEgress(b, a))).toBe(both);
    }),
    { numRuns: 500 },
  );
});

test('rules come back as they were written', () => {
  fc.assert(
    fc.property(entries, (texts) => {
      const rules = readEgress(texts);
      expect(readEgress(rules.map(writeEgressRule))).toEqual(rules);
    }),
  );
});

test('a host that was read is read as itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const read = readHost(text, toAscii);
      if (read !== undefined) expect(readHost(read)).toBe(read);
    }),
  );
});

test('an address is one host in each of the ways to write it within IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(readHost(`[::ffff:${address}]`)).toBe(readHost(address));
    }),
  );
});
