import { describe, expect, test } from 'vitest';
import type { Job } from '@remuda/client';
import { rateOf, reportOf } from './batch-state.js';
import { batchLabel, readBatch } from './read-batch.js';

const none = () => [];

describe('a batch file', () => {
  test('has a prompt or a job on each line, with the numbers of its lines', () => {
    const { id, jobs } = readBatch('# mine\n"one"\n\n{"prompt": "two", "labels": {"a": "b"}}\r\n', none, {
      profile: 'p',
    });
    expect(jobs).toEqual([
      { line: 2, key: `batch-${id}-2`, job: { prompt: 'one', profile: 'p', labels: { [batchLabel]: id } } },
      { line: 4, key: `batch-${id}-4`, job: { prompt: 'two', profile: 'p', labels: { a: 'b', [batchLabel]: id } } },
    ]);
  });

  test('is the same batch when it is read again, and another one when that is wanted', () => {
    const read = (again?: string) => readBatch('"one"', none, {}, again).id;
    expect(read()).toBe(read());
    expect(read('again')).not.toBe(read());
  });

  test('with wrong lines is refused as a whole, and all of them are named', () => {
    const check = (job: { readonly prompt?: string }) => (job.prompt === undefined ? ['prompt is missing'] : []);
    expect(() => readBatch('"one"\n{"promt": "x"}\nnot json\n[1]\n7', check, {})).toThrow(
      [
        'Nothing was submitted:',
        'line 2: prompt is missing',
        'line 3: is not JSON',
        'line 4: must be a string (a prompt), or an object (a job)',
        'line 5: must be a string (a prompt), or an object (a job)',
      ].join('\n  '),
    );
  });

  test('with very many wrong lines names the first ones, and how many there are besides', () => {
    expect(() => readBatch('x\n'.repeat(50), none, {})).toThrow(/line 20: is not JSON\n {2}and 30 more$/);
  });

  test('without a job is refused', () => {
    expect(() => readBatch('# nothing\n', none, {})).toThrow('The file has no jobs.');
  });
});

describe('the state of a batch', () => {
  const job = (id: string, more: Partial<Job>): [string, Job] => [id, { id, ...more } as Job];
  const state = {
    total: 4,
    over: new Map([
      job('a', { state: 'succeeded', costUsd: 0.5 }),
      job('b', { state: 'failed', costUsd: 0.25, failure: { code: 'worker.lost', message: '' } }),
    ]),
  };

  test('has a rate and a time left by the jobs that ended since this run began', () => {
    expect(rateOf(state, { overAtStart: 0, ms: 60_000 })).toEqual({ perMinute: 2, leftMs: 60_000 });
    expect(rateOf(state, { overAtStart: 2, ms: 60_000 })).toBeUndefined();
  });

  test('is reported with ends, failures and cost', () => {
    expect(reportOf(state, 90_000)).toEqual([
      '2 of 4 jobs are over, after 1 min 30 s.',
      '  succeeded  1',
      '  failed     1',
      '    worker.lost 1',
      '  cost       $0.7500',
    ]);
  });
});
