import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureCodes, type FailureCode } from '../errors.js';
import { afterFailure, failureRule, maxLimitWaitMs, maxRequeues, pauseMs, type UsageMeter } from './failure-class.js';
import type { JobRecord, JobSpec } from './job.js';

type Tried = Parameters<typeof afterFailure>[0];

const job = (own: Partial<Tried> = {}, attempts = 3): Tried => ({
  ...{ id: 'j-1', failures: 0, requeues: 0, spec: { attempts } as JobSpec },
  ...own,
});
const failure = (code: FailureCode, resetAt?: number) => ({
  ...{ code, message: 'x' },
  ...(resetAt === undefined ? {} : { resetAt }),
});

describe('after a failure', () => {
  test('a lost worker costs no attempt and no time', () => {
    expect(afterFailure(job({ failures: 2 }), failure('worker.lost'), 1_000)).toEqual({
      kind: 'requeue',
      usage: 'requeues',
    });
  });

  test('a job that loses one worker after the other ends all the same', () => {
    expect(afterFailure(job({ requeues: maxRequeues }), failure('worker.lost'), 0)).toEqual({ kind: 'over' });
  });

  test('a drain costs nothing, however many there were before', () => {
    const drained = job({ requeues: maxRequeues, failures: 2, retried: { 'worker.drained': 40 } });
    expect(afterFailure(drained, failure('worker.drained'), 1_000)).toEqual({ kind: 'requeue' });
  });

  test('the last attempt is the last', () => {
    expect(afterFailure(job({ failures: 2 }), failure('engine.crashed'), 0)).toEqual({ kind: 'over' });
  });

  test('a job that hung is tried once more, whatever else it may still try', () => {
    expect(afterFailure(job({}, 10), failure('engine.hung'), 0)).toMatchObject({ kind: 'requeue' });
    const hungBefore = job({ failures: 1, retried: { 'engine.hung': 1 } }, 10);
    expect(afterFailure(hungBefore, failure('engine.hung'), 0)).toEqual({ kind: 'over' });
    expect(afterFailure(hungBefore, failure('engine.crashed'), 0)).toMatchObject({ kind: 'requeue' });
  });
});

describe('when the usage limit is reached', () => {
  const limit = (resetAt?: number) => failure('model.limit_reached', resetAt);
  const waiting = (own: Partial<Tried> = {}) =>
    job({ spec: { attempts: 1, onLimit: 'wait' } as JobSpec, requeues: maxRequeues, ...own });

  test('a job fails, if it does not want to wait', () => {
    expect(afterFailure(job(), limit(60_000), 0)).toEqual({ kind: 'over' });
  });

  test('a job that waits wakes soon after the reset, and nothing is counted but the wait', () => {
    const after = afterFailure(waiting(), limit(60_000), 0);
    expect(after).toEqual({ kind: 'requeue', wakeAt: expect.any(Number) as number });
    expect('wakeAt' in after && after.wakeAt).toBeGreaterThanOrEqual(60_000);
    expect('wakeAt' in after && after.wakeAt).toBeLessThanOrEqual(65_000);
  });

  test('a reset that has passed is not waited for', () => {
    const after = afterFailure(waiting(), limit(1_000), 90_000);
    expect('wakeAt' in after && after.wakeAt).toBeLessThanOrEqual(95_000);
  });

  test('nobody waits without a known end, longer than a week, or for ever again', () => {
    expect(afterFailure(waiting(), limit(), 0)).toEqual({ kind: 'over' });
    expect(afterFailure(waiting(), limit(maxLimitWaitMs + 1), 0)).toEqual({ kind: 'over' });
    const often = waiting({ retried: { 'model.limit_reached': failureRule('model.limit_reached').most ?? 0 } });
    expect(afterFailure(often, limit(1), 0)).toEqual({ kind: 'over' });
  });
});

describe('the pause before the next attempt', () => {
  const crash = failureRule('engine.crashed').backoff!;

  test('doubles', () => {
    expect([0, 1, 2].map((failures) => pauseMs(crash, failures, 0))).toEqual([1_000, 2_000, 4_000]);
  });

  test('is not the same for jobs that failed together', () => {
    const wakes = Array.from({ length: 50 }, (_, i) =>
      afterFailure(job({ id: `j-${String(i)}` }), failure('engine.crashed'), 0),
    ).map((after) => ('wakeAt' in after ? after.wakeAt : 0));
    expect(new Set(wakes).size).toBeGreaterThan(40);
  });

  test('never shrinks with further failures, nor with chance, and never passes its cap', () => {
    const backoffs = failureCodes.flatMap((code) => failureRule(code).backoff ?? []);
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...backoffs), fc.nat(60), chance, chance, (backoff, failures, one, other) => {
        const pause = pauseMs(backoff, failures, one);
        expect(pause).toBeGreaterThanOrEqual(Math.min(backoff.firstMs * 2 ** failures, backoff.capMs));
        expect(pause).toBeLessThanOrEqual(backoff.capMs);
        expect(pauseMs(backoff, failures + 1, other)).toBeGreaterThanOrEqual(pause);
      }),
    );
  });
});

/** Lets a job fail with one code after the other until it is over, as the record's keeper would count it. */
function live(attempts: number, codes: readonly FailureCode[]) {
  const counts: Record<UsageMeter, number> = { failures: 0, requeues: 0 };
  const retried: Partial<Record<FailureCode, number>> = {};
  let tries = 0;
  for (const code of codes) {
    tries++;
    const record = job({ ...counts, retried: { ...retried }, spec: { attempts, onLimit: 'wait' } as JobSpec });
    const after = afterFailure(record, failure(code, tries + 1), tries);
    if (after.kind === 'over') return { ...counts, retried, tries, last: code };
    if (after.usage) counts[after.usage]++;
    retried[code] = (retried[code] ?? 0) + 1;
    if (after.wakeAt !== undefined) expect(after.wakeAt).toBeGreaterThan(tries);
  }
  return { ...counts, retried, tries, last: undefined };
}

describe('whatever a job fails with', () => {
  const lives = fc.record({
    attempts: fc.integer({ min: 1, max: 10 }),
    codes: fc.array(fc.constantFrom(...failureCodes), { minLength: 1, maxLength: 60 }),
  });

  test('it never fails more often than it has attempts, and its requeues are bounded', () => {
    fc.assert(
      fc.property(lives, ({ attempts, codes }) => {
        const { failures, requeues } = live(attempts, codes);
        expect(failures).toBeLessThan(attempts);
        expect(requeues).toBeLessThanOrEqual(maxRequeues);
      }),
    );
  });

  test('it ends, by what it is allowed alone, unless an operator keeps on moving it', () => {
    const unplanned = failureCodes.filter((code) => !failureRule(code).planned);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.constantFrom(...unplanned), (attempts, code) => {
        expect(live(attempts, Array<FailureCode>(60).fill(code)).last).toBe(code);
      }),
    );
  });

  test('a final failure is the last, and a rule that names a limit keeps it', () => {
    fc.assert(
      fc.property(lives, ({ attempts, codes }) => {
        const { retried } = live(attempts, codes);
        for (const [code, count] of Object.entries(retried) as [FailureCode, number][]) {
          expect(failureRule(code).retry).toBe(true);
          expect(count).toBeLessThanOrEqual(failureRule(code).most ?? Infinity);
        }
      }),
    );
  });

  test("the user's own mistakes, a cancel and a passed time are final", () => {
    const final = failureCodes.filter((code) => ['user', 'cancelled', 'timed_out'].includes(failureRule(code).class));
    expect(final).toContain('budget.exhausted');
    for (const code of final) expect(afterFailure(job(), failure(code), 0)).toEqual({ kind: 'over' });
  });
});

test('what is tried again is either counted or bounded by the requeues, and what is final is counted', () => {
  const record: Pick<JobRecord, 'failures' | 'requeues'> = { failures: 0, requeues: 0 };
  for (const code of failureCodes) {
    const { retry, counted } = failureRule(code);
    expect(retry || counted, code).toBe(true);
    const willing = job({ ...record, spec: { attempts: 2, onLimit: 'wait' } as JobSpec });
    expect(afterFailure(willing, failure(code, 1), 0).kind, code).toBe(retry ? 'requeue' : 'over');
  }
});
