import 'reflect-metadata';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SubmitJobDto } from '../jobs/submit/submit-job.dto.js';
import { quickLook } from './quick-look.js';
import { readDto } from './read-dto.js';

const looksRight = quickLook(SubmitJobDto);

/** Values of all kinds, with those near the rules' limits among them. */
const values = fc.oneof(
  fc.string({ maxLength: 50 }),
  fc.constantFrom('', 'x'.repeat(41), 'default', 'claude-sonnet-4-5', 'plan', 'bypassPermissions', 'empty'),
  fc.integer({ min: -2, max: 1_002 }),
  fc.constantFrom(0.000_000_1, 0.5, 10_000, 10_001, 86_400_001, 1e300, 2 ** 53, Number.NaN),
  fc.boolean(),
  fc.constantFrom(null, undefined, [], ['a'], {}, { a: 'b' }, { kind: 'empty' }, { kind: 'git', url: 'u' }),
);
const fields = ['prompt', 'profile', 'model', 'maxTurns', 'maxBudgetUsd', 'priority', 'attempts', 'deltas', 'labels'];
const more = ['metadata', 'timeoutMs', 'ttlMs', 'delayMs', 'runAt', 'permissionMode', 'workspace', 'tools', 'unknown'];
const bodies = fc.dictionary(fc.constantFrom(...fields, ...more), values, { maxKeys: 6 });

test('a quick look takes nothing that class-validator would refuse', { timeout: 60_000 }, () => {
  let taken = 0;
  fc.assert(
    fc.property(bodies, fc.option(fc.string({ maxLength: 5 }), { nil: undefined }), (body, prompt) => {
      const whole = prompt === undefined ? body : { ...body, prompt };
      if (!looksRight(whole)) return;
      taken++;
      expect(readDto(SubmitJobDto, whole).faults).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
  expect(taken).toBeGreaterThan(50);
});

test.each([
  [{ prompt: 'p' }],
  [{ prompt: 'p', profile: 'default', priority: 1, labels: { a: 'b' }, metadata: {}, maxBudgetUsd: 0.5, deltas: true }],
])('%j is seen to be right at first sight', (body) => {
  expect(looksRight(body)).toBe(true);
});

test.each([[{}], [{ prompt: '' }], [{ prompt: 'p', priority: 11 }], [{ prompt: 'p', toString: 1 }]])(
  '%j is not',
  (body) => {
    expect(looksRight(body)).toBe(false);
  },
);
