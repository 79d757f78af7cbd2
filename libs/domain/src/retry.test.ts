import { describe, expect, test } from 'vitest';
import { errorCodes } from './errors.js';
import type { JobSpec } from './job.js';
import { afterFailure, maxRequeues, retryRule } from './retry.js';

const spec = { attempts: 3 } as JobSpec;
const job = (own: { failures?: number; requeues?: number } = {}) => ({ spec, failures: 0, requeues: 0, ...own });
const failure = (code: (typeof errorCodes)[number]) => ({ code, message: 'x' });

describe('after a failure', () => {
  test('a lost worker costs no attempt and no time', () => {
    expect(afterFailure(job({ failures: 2 }), failure('worker.lost'), 1_000)).toEqual({
      kind: 'requeue',
      counted: false,
    });
  });

  test('a job that loses one worker after the other ends all the same', () => {
    expect(afterFailure(job({ requeues: maxRequeues }), failure('worker.lost'), 0)).toEqual({ kind: 'over' });
  });

  test('a crash is tried again after a backoff that doubles', () => {
    expect(afterFailure(job(), failure('engine.crashed'), 0)).toEqual({
      kind: 'requeue',
      counted: true,
      wakeAt: 1_000,
    });
    expect(afterFailure(job({ failures: 1 }), failure('engine.crashed'), 0)).toEqual({
      kind: 'requeue',
      counted: true,
      wakeAt: 2_000,
    });
  });

  test('the last attempt is the last', () => {
    expect(afterFailure(job({ failures: 2 }), failure('engine.crashed'), 0)).toEqual({ kind: 'over' });
  });

  test("the user's own mistakes are final", () => {
    for (const code of [
      'budget.exhausted',
      'turns.exhausted',
      'result.schema_mismatch',
      'model.authentication',
    ] as const)
      expect(afterFailure(job(), failure(code), 0)).toEqual({ kind: 'over' });
  });

  test('every code has a rule, and what is tried again is either counted or free', () => {
    for (const code of errorCodes) {
      const rule = retryRule(code);
      expect(rule.retry || rule.counted).toBe(true);
      expect(rule.backoffMs).toBeGreaterThanOrEqual(0);
    }
  });
});
