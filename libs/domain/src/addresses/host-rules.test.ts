import { expect, test } from 'vitest';
import { addressFault, hostFault, isHostName, isOpenName, readHostRules } from './host-rules.js';

const rules = readHostRules('git.corp.example, *.lab.example,10.0.0.0/8,[fd00::7]');

test('a name is open by itself or below another one', () => {
  expect(
    ['git.corp.example', 'GIT.corp.example.', 'a.lab.example', 'a.b.lab.example'].every((name) =>
      isOpenName(name, rules),
    ),
  ).toBe(true);
  expect(
    ['corp.example', 'lab.example', 'xlab.example', 'git.corp.example.evil.test'].some((name) =>
      isOpenName(name, rules),
    ),
  ).toBe(false);
});

test('an address is refused unless it is public or open', () => {
  expect(addressFault('140.82.121.4', [])).toBeUndefined();
  expect(addressFault('10.2.3.4', rules)).toBeUndefined();
  expect(addressFault('fd00::7', rules)).toBeUndefined();
  expect(addressFault('fd00::8', rules)).toBe('is a private address');
  expect(addressFault('169.254.169.254', rules)).toBe('is a metadata address');
  expect(addressFault('169.254.0.9', rules)).toBe('is a link-local address');
});

test('of a host that is written as a name only those of this machine are known to lead inside', () => {
  expect(hostFault('github.com', [])).toBeUndefined();
  expect(hostFault('LOCALHOST', [])).toBe('is a loopback address');
  expect(hostFault('x.localhost', rules)).toBe('is a loopback address');
  expect(hostFault('localhost', readHostRules('localhost'))).toBeUndefined();
  expect(hostFault('localhost', readHostRules('127.0.0.0/8'))).toBeUndefined();
  expect(hostFault('::1', [])).toBe('is a loopback address');
});

test.each(['127.1', '0x7f.1', '2130706433', '0x7f000001', 'a..b', '-x', 'a b', '', 'a/b', 'user@host'])(
  '%j is no name',
  (text) => {
    expect(isHostName(text)).toBe(false);
  },
);

test.each(['a b', 'http://x', '10.0.0.0/33', '*', '127.1'])('%j is no rule', (text) => {
  expect(() => readHostRules(text)).toThrow('expected names of hosts');
});
