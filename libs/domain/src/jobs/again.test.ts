import { expect, test } from 'vitest';
import { planAgain } from './again.js';
import { failureCodes, type FailureCode } from '../errors.js';
import { failureRule } from './failure-class.js';
import type { Snapshot } from './snapshot.js';

const snapshot: Snapshot = { sessionId: 's', at: 1, lease: 3, bytes: 10, sessionBytes: 5 };
const job = { attempt: 1, lease: 3, spec: {}, failure: { code: 'worker.lost' as FailureCode, message: '' }, snapshot };

test('a first attempt is not begun again', () => {
  expect(planAgain({ attempt: 0, lease: 0, spec: {} })).toBeUndefined();
});

test('a lost attempt is gone on with where there is a snapshot', () => {
  expect(planAgain(job)).toEqual({ kind: 'resume', snapshot });
  const { snapshot: _, ...without } = job;
  expect(planAgain(without)).toEqual({ kind: 'restart', reason: 'no_snapshot' });
});

test('a job may want its prompt run again, whatever there is', () => {
  expect(planAgain({ ...job, spec: { onLost: 'restart' } })).toEqual({ kind: 'restart', reason: 'asked' });
  expect(planAgain({ ...job, spec: { onLost: 'resume' } })).toMatchObject({ kind: 'resume' });
});

test('two attempts may go on from one snapshot, the third begins anew; a new snapshot counts afresh', () => {
  expect(planAgain({ ...job, lease: 4 })).toMatchObject({ kind: 'resume' });
  expect(planAgain({ ...job, lease: 5 })).toEqual({ kind: 'restart', reason: 'no_progress' });
  expect(planAgain({ ...job, lease: 5, snapshot: { ...snapshot, lease: 5 } })).toMatchObject({ kind: 'resume' });
});

test('the failure decides whether its session is worth going on with', () => {
  const after = (code: FailureCode) => planAgain({ ...job, failure: { code, message: '' } });
  for (const code of failureCodes)
    expect(after(code), code).toEqual(
      failureRule(code).again === 'resume' ? { kind: 'resume', snapshot } : { kind: 'restart', reason: 'failure' },
    );
  expect(after('engine.start_failed')).toEqual({ kind: 'restart', reason: 'failure' });
});

test('a turn of a session takes up the snapshot of the turn before, unless it goes on with its own', () => {
  const before = { ...snapshot, lease: 1 };
  const turn = { ...job, origin: { job: 'j-0', snapshot: before } };
  expect(planAgain({ ...turn, attempt: 0 })).toEqual({ kind: 'continue', origin: before });
  expect(planAgain(turn)).toEqual({ kind: 'resume', snapshot, origin: before });
  const { snapshot: _, ...without } = turn;
  expect(planAgain(without)).toEqual({ kind: 'restart', reason: 'no_snapshot', origin: before });
});
