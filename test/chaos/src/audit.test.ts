import type { JobEvent, JobRecord } from '@remuda/domain';
import { expect, test } from 'vitest';
import { isTrue, type SeenJob } from './audit.js';

const assigned = (attempt: number, worker: string): JobEvent => ({
  ...{ type: 'job.assigned', id: attempt * 10, at: 1, attempt, data: { worker, start: { kind: 'warm' } } },
});
const resumed = (attempt: number): JobEvent => ({
  ...{ type: 'attempt.resumed', id: attempt * 10 + 1, at: 1, attempt },
  data: { sessionId: 's', snapshotAt: 1, bytes: 1 },
});

function seen(events: readonly JobEvent[], notes: readonly string[]): SeenJob {
  const accepted = { id: 'j-1', n: 7, note: '7', acceptedAt: 1 };
  return { accepted, record: { state: 'succeeded' } as JobRecord, text: 'done 7', events, notes };
}

test.each([
  ['of its only attempt', [assigned(1, 'a')], ['a'], true],
  ['of nobody', [assigned(1, 'a')], [], false],
  ['of an attempt that was begun anew', [assigned(1, 'a'), assigned(2, 'b')], ['a'], false],
  ['of the last attempt', [assigned(1, 'a'), assigned(2, 'b')], ['b'], true],
  ['of the attempt that it goes on with', [assigned(1, 'a'), assigned(2, 'b'), resumed(2)], ['a'], true],
  ['of one before that', [assigned(1, 'a'), assigned(2, 'b'), assigned(3, 'c'), resumed(3)], ['a'], false],
])('a success with the line %s counts, or not', (_, events, notes, counts) => {
  expect(isTrue(seen(events, notes), true)).toBe(counts);
});
