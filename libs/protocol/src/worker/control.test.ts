import { expect, test } from 'vitest';
import type { Control } from '@remuda/domain';
import { decodeAssignment } from './assignment.js';
import { decodeControl, encodeControl } from './control.js';

test.each<Control>([
  { kind: 'cancel', job: 'j-1', lease: 3 },
  { kind: 'drain', limitMs: 0 },
])('a control message comes back as it went: %j', (control) => {
  expect(decodeControl(encodeControl(control))).toEqual(control);
});

test.each([
  '',
  'null',
  '[]',
  '{"kind":"stop"}',
  '{"kind":"cancel","job":"j","lease":0}',
  '{"kind":"cancel","job":"j:events","lease":1}',
  '{"kind":"cancel","job":["j"],"lease":1}',
  '{"kind":"drain","limitMs":1e999}',
  '{"kind":"drain","limitMs":"1"}',
])('what is no control message is refused: %s', (text) => {
  expect(decodeControl(text)).toBeUndefined();
});

test('a drain lasts no longer than a timer can wait', () => {
  expect(decodeControl('{"kind":"drain","limitMs":1e15}')).toEqual({ kind: 'drain', limitMs: 2 ** 31 - 1 });
});

test.each([
  '',
  '{',
  'null',
  '{"job":"j","attempt":1,"lease":1}',
  '{"job":"j","attempt":1,"lease":1,"spec":{"prompt":1,"workspace":{"kind":"empty"}}}',
  '{"job":"j","attempt":1,"lease":1,"spec":{"prompt":"x"}}',
  '{"job":"j","attempt":1,"lease":"1","spec":{"prompt":"x","workspace":{"kind":"empty"}}}',
])('what is no assignment is refused: %s', (text) => {
  expect(decodeAssignment(text)).toBeUndefined();
});
