import { describe, expect, test } from 'vitest';
import { desiredWorkers, startVerdict, startsForBacklog, type Halt } from './halt.js';
import { noUsage, type JobResult } from './job.js';
import { workerPhases, type WorkerPhase } from '../pools/worker-phase.js';

const result: JobResult = { text: '', turns: 1, usage: noUsage, costUsd: 0 };
const failure = (code: 'engine.start_failed' | 'budget.exhausted' | 'worker.lost' | 'workspace.failed') => ({
  code,
  message: 'm',
});

describe('what an end says of whether jobs start', () => {
  test('a start that failed says so, with its code', () => {
    expect(startVerdict({ failure: failure('engine.start_failed') })).toBe('engine.start_failed');
  });
  test('success is a start, and so is any failure that has got as far as a result', () => {
    expect(startVerdict({ result })).toBe('started');
    expect(startVerdict({ failure: failure('budget.exhausted'), result })).toBe('started');
  });
  test('a lost worker or a workspace that failed is neither', () => {
    expect(startVerdict({ failure: failure('worker.lost') })).toBe('neither');
    expect(startVerdict({ failure: failure('workspace.failed') })).toBe('neither');
  });
});

describe('workers that a pool needs', () => {
  const none = Object.fromEntries(workerPhases.map((phase) => [phase, 0])) as Record<WorkerPhase, number>;
  const pool = (halts: readonly Halt[]) =>
    desiredWorkers({ warm: 2, max: 8, waiting: 5, workers: { ...none, busy: 1 }, halts });
  const halt = (own: Partial<Halt>): Halt => ({ kind: 'paused', since: 0, reason: '', ...own });

  test('are those for the jobs that wait, unless they are not to start', () => {
    expect(pool([])).toBe(6);
    expect(pool([halt({})])).toBe(3);
    expect(pool([halt({ kind: 'suspended', code: 'engine.start_failed' })])).toBe(3);
  });
  test('are none while it is drained, whatever else holds', () => {
    expect(pool([halt({}), halt({ kind: 'drained', by: 1 })])).toBe(0);
  });
  test('go on to be started where it is containers that do not start: the first that does ends it', () => {
    const suspended = halt({ kind: 'suspended', code: 'container.start_failed' });
    expect(startsForBacklog([suspended])).toBe(true);
    expect(startsForBacklog([suspended, halt({})])).toBe(false);
    expect(pool([suspended])).toBe(6);
  });
});
