import { expect, test } from 'vitest';
import { jobSpec } from '@remuda/testing';
import { readRequest } from './request.js';

const defaults = { profile: 'default', timeoutMs: 60_000, newId: () => 'j-new' };
const read = (message: unknown) => readRequest(message, defaults);

test('a prompt alone is a job with defaults', () => {
  expect(read({ prompt: 'hi' })).toEqual({
    kind: 'assignment',
    assignment: {
      job: 'j-new',
      attempt: 1,
      lease: 1,
      spec: jobSpec({ prompt: 'hi', attempts: 1 }),
      remainingMs: 60_000,
    },
  });
});

test('a prompt may say what it wants', () => {
  const wanted = { model: 'claude-x', appendSystemPrompt: 'Be kind.', maxTurns: 3 };
  expect(read({ prompt: 'hi', id: 'mine_1', timeoutMs: 5, ...wanted })).toMatchObject({
    assignment: { job: 'mine_1', remainingMs: 5, spec: { ...wanted, timeoutMs: 5 } },
  });
});

test('assignments and orders are read as a scheduler writes them', () => {
  const assignment = { job: 'j-1', attempt: 2, lease: 3, spec: jobSpec(), remainingMs: 10 };
  expect(read(assignment)).toMatchObject({ kind: 'assignment', assignment });
  expect(read({ ...assignment, v: 9_999 })).toMatchObject({
    kind: 'incompatible',
    assignment: { incompatible: 9_999 },
  });
  const cancel = { kind: 'cancel', job: 'j-1', lease: 3 };
  expect(read(cancel)).toEqual({ kind: 'control', control: cancel });
  expect(read({ kind: 'drain', limitMs: 5 })).toEqual({ kind: 'control', control: { kind: 'drain', limitMs: 5 } });
});

test.each([
  [null, 'a message must be a JSON object'],
  [[], 'a message must be a JSON object'],
  ['hi', 'a message must be a JSON object'],
  [{}, 'a message must have a prompt, or be an assignment, a cancel or a drain'],
  [{ kind: 'cancel' }, 'a message must have a prompt, or be an assignment, a cancel or a drain'],
  [{ prompt: ' ' }, 'prompt must be a string that is not empty'],
  [{ prompt: 5 }, 'prompt must be a string that is not empty'],
  [{ prompt: 'x', id: '../x' }, 'id must have 1 to 64 letters, digits, dashes or underscores'],
  [{ prompt: 'x', timeoutMs: 0 }, 'timeoutMs must be 1 to 86400000'],
  [{ prompt: 'x', timeoutMs: 1e12 }, 'timeoutMs must be 1 to 86400000'],
  [{ prompt: 'x', maxTurns: 1.5 }, 'maxTurns must be 1 to 10000'],
  [{ prompt: 'x', model: 5 }, 'model must be a string that is not empty'],
  [{ prompt: 'x', settings: '/etc' }, 'there is no field "settings"'],
])('%j is refused: %s', (message, why) => {
  expect(() => read(message)).toThrow(expect.objectContaining({ code: 'request.invalid', message: why }));
});
