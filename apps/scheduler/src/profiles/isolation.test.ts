import { expect, test } from 'vitest';
import { isLoopback, requireIsolation, type IsolationFacts } from './isolation.js';

const facts = (own: Partial<IsolationFacts> = {}): IsolationFacts => ({
  ...{ kind: 'process', isolated: false, apiHost: '127.0.0.1', allowUnisolated: undefined },
  ...own,
});

test.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])('%s is loopback', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '192.168.1.127',
  'example.org',
  'localhost.example.org',
  '127.0.0.1.nip.io',
  '',
])('%j is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});

test('processes serve an api that listens elsewhere only where that is allowed', () => {
  const open = facts({ apiHost: '0.0.0.0' });
  expect(() => requireIsolation(open)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  expect(() => requireIsolation({ ...open, allowUnisolated: '1' })).not.toThrow();
  expect(() => requireIsolation({ ...open, kind: 'docker', isolated: true })).not.toThrow();
  expect(() => requireIsolation(facts())).not.toThrow();
});
