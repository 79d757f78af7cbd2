import { expect, test } from 'vitest';
import type { NewEvent } from '@remuda/domain';
import { eventLine } from './event-line.js';

const line = (event: NewEvent): string => eventLine({ ...event, id: 1, attempt: 1 }, 1_000);

test('a line has the time since the first event, the name, and what matters', () => {
  expect(line({ type: 'job.assigned', at: 1_042, data: { worker: 'w-1', start: { kind: 'warm' } } })).toBe(
    '  0.042 s  job.assigned          w-1, warm',
  );
});

test('an event that seems to come before the first one shows no negative time', () => {
  const event: NewEvent = { type: 'job.assigned', at: 993, data: { worker: 'w-1', start: { kind: 'warm' } } };
  expect(line(event)).toMatch(/^ {2}0\.000 s {2}job\.assigned/);
});

test('a start that was not warm says why', () => {
  const start = { kind: 'cold', reason: 'no_warm_worker' } as const;
  expect(line({ type: 'job.assigned', at: 1_000, data: { worker: 'w-1', start } })).toMatch(/cold \(no_warm_worker\)$/);
});

test('long and many-lined output stays one line', () => {
  const output = `a\nb\n${'c'.repeat(1_000)}`;
  const shown = line({ type: 'tool.returned', at: 1_000, data: { id: 't', ok: true, output } });
  expect(shown).toContain('ok: a b ccc');
  expect(shown).not.toContain('\n');
  expect(shown.length).toBeLessThan(220);
});

test('a failed job says why', () => {
  const failure = { code: 'engine.crashed', message: 'it crashed' } as const;
  expect(line({ type: 'job.over', at: 1_000, data: { state: 'failed', failure } })).toMatch(/failed: it crashed$/);
});
