import { expect, test } from 'vitest';
import type { Control } from '@remuda/domain';
import { decodeAssignment } from './assignment.js';
import { decodeControl, encodeControl } from './control.js';

test.each<Control>([
  { kind: 'cancel', job: 'j-1', lease: 3 },
  { kind: 'drain', limitMs: 0 },
  { kind: 'show', asked: 1_800_000_000_000, forMs: 12_000 },
  { kind: 'spare' },
  { kind: 'spare', permissionMode: 'plan' },
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
  '{"kind":"spare","permissionMode":"any"}',
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

const understood = { own: 2, oldest: 2 };
const assignment = (v: number) =>
  JSON.stringify({
    v,
    job: 'j',
    attempt: 1,
    lease: 4,
    spec: { prompt: 'x', workspace: { kind: 'empty' } },
    remainingMs: 1,
  });

test('an assignment is read when its format is understood; else it is told which job to give back', () => {
  expect(decodeAssignment(assignment(2), understood)).toMatchObject({ job: 'j', attempt: 1, lease: 4 });
  for (const incompatible of [1, 3])
    expect(decodeAssignment(assignment(incompatible), understood)).toEqual({ incompatible, job: 'j', lease: 4 });
});

test('of a newer assignment nothing needs to be as it is now but job and lease', () => {
  expect(decodeAssignment('{"v":9,"job":"j","lease":4,"task":[]}')).toEqual({ incompatible: 9, job: 'j', lease: 4 });
  expect(decodeAssignment('{"v":9,"job":"j"}')).toBeUndefined();
  expect(decodeAssignment('{"v":"9","job":"j","lease":4}')).toBeUndefined();
});

test('a control message of a format that is not understood is none', () => {
  const text = encodeControl({ kind: 'drain', limitMs: 5 });
  expect(JSON.parse(text)).toMatchObject({ v: 1 });
  expect(decodeControl(text.replace('"v":1', '"v":2'), understood)).toEqual({ kind: 'drain', limitMs: 5 });
  expect(decodeControl(text, understood)).toBeUndefined();
  expect(decodeControl(text.replace('"v":1', '"v":3'), understood)).toBeUndefined();
});
