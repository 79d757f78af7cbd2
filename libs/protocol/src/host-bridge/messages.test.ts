import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostBridgeLimits, hostBridgeSignals, writeHostMessage, type HostClientMessage } from './messages.js';
import { readHostClientMessage } from './read-message.js';

const text = fc.string({ unit: 'binary', maxLength: 50 }).filter((value) => !value.includes('\0'));
const length = fc.integer({ min: 1, max: 1_000 });
const size = fc.record({ rows: length, cols: length });
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/).filter((each) => each !== '__proto__');

const run = fc
  .record({
    type: fc.constant('run' as const),
    v: fc.constant(1 as const),
    args: fc.array(text, { maxLength: 10 }),
    env: fc.dictionary(name, text, { maxKeys: 5, noNullPrototype: true }),
    cwd: text.map((path) => `/${path}`),
    token: fc.option(text, { nil: undefined }),
    terminal: fc.option(size, { nil: undefined }),
  })
  .map(({ token, terminal, ...rest }) => ({
    ...rest,
    ...(token === undefined ? {} : { token }),
    ...(terminal ? { terminal } : {}),
  }));

const messages: fc.Arbitrary<HostClientMessage> = fc.oneof(
  run,
  fc.record({
    type: fc.constant('stdin' as const),
    data: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.constant({ type: 'stdin_end' as const }),
  fc.record({ type: fc.constant('signal' as const), signal: fc.constantFrom(...hostBridgeSignals) }),
  size.map((each) => ({ type: 'window' as const, ...each })),
  fc.constant({ type: 'heartbeat' as const }),
);

test('every message comes back as it was written, arguments and bytes of any content included', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const line = writeHostMessage(message);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(readHostClientMessage(JSON.parse(line))).toEqual(message);
    }),
  );
});

test('any JSON is a message or has a fault, and never throws', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const read = readHostClientMessage(value);
      expect('fault' in read || 'type' in read).toBe(true);
    }),
  );
});

const ok = { type: 'run', v: 1, args: [], env: {}, cwd: '/w' };

test.each([
  [[], 'a message is a JSON object'],
  [{ type: 'toString' }, 'no known type'],
  [{ ...ok, v: 2 }, 'run.v: expected 1'],
  [{ ...ok, shell: true }, 'run has no field "shell"'],
  [{ ...ok, args: 'x' }, 'run.args'],
  [{ ...ok, args: ['a\0b'] }, 'run.args'],
  [{ ...ok, args: ['\ud800'] }, 'run.args'],
  [{ ...ok, args: ['x'.repeat(128 * 1024)] }, 'run.args'],
  [{ ...ok, args: Array.from({ length: 1_001 }, () => '') }, 'run.args'],
  [{ ...ok, env: { 'A=B': 'x' } }, 'run.env'],
  [{ ...ok, env: { A: 1 } }, 'run.env'],
  [{ ...ok, cwd: 'relative' }, 'run.cwd'],
  [{ ...ok, token: 7 }, 'run.token'],
  [{ ...ok, terminal: { rows: 0, cols: 80 } }, 'run.terminal'],
  [{ ...ok, terminal: { rows: 1e9, cols: 80 } }, 'run.terminal'],
  [{ type: 'stdin', data: '!' }, 'stdin.data: expected base64'],
  [{ type: 'stdin', data: 'A'.repeat(4 * hostBridgeLimits.chunkBytes) }, 'stdin.data: expected at most'],
  [{ type: 'signal', signal: 'SIGKILL' }, 'signal.signal'],
  [{ type: 'signal', signal: 9 }, 'signal.signal'],
  [{ type: 'window', rows: 1.5, cols: 2 }, 'window'],
])('%j is refused: %s', (value, fault) => {
  const read = readHostClientMessage(value);
  expect('fault' in read ? read.fault : '').toContain(fault);
});
