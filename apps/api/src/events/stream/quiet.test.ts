import type { JobEvent, NewEvent } from '@remuda/domain';
import { systemClock } from '@remuda/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withQuiet, type Said } from './quiet.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const queued: NewEvent = { type: 'job.queued', at: 0, data: { profile: 'default', priority: 5 } };
const assigned: NewEvent = { type: 'job.assigned', at: 0, data: { worker: 'w-1', start: { kind: 'warm' } } };
const event = (made: NewEvent): JobEvent => ({ ...made, id: 1, attempt: 0 });

/** A stream that has these batches and then stays open, and looks every second. */
function open(batches: readonly (readonly JobEvent[])[], places: (number | undefined)[]) {
  let asked = 0;
  async function* source(): AsyncGenerator<readonly JobEvent[]> {
    for (const batch of batches) yield await Promise.resolve(batch);
    await new Promise(() => undefined);
  }
  const position = (): Promise<number | undefined> => {
    asked++;
    return Promise.resolve(places.length > 1 ? places.shift() : places[0]);
  };
  return {
    said: withQuiet(source(), { clock: systemClock, lookMs: 1_000, beatAfter: 3, position }),
    asked: () => asked,
  };
}

async function after(said: AsyncGenerator<Said>, ms: number): Promise<Said | undefined> {
  const next = said.next();
  await vi.advanceTimersByTimeAsync(ms);
  return (await next).value as Said | undefined;
}

test('the place of a job that waits is told, and again when it has changed', async () => {
  const { said } = open([[event(queued)]], [3, 3, 1]);
  expect(await after(said, 0)).toMatchObject({ kind: 'events' });
  expect(await after(said, 1_000)).toEqual({ kind: 'position', position: 3 });
  expect(await after(said, 2_000)).toEqual({ kind: 'position', position: 1 });
});

test('a stream that has nothing to say shows that it lives', async () => {
  const { said } = open([[event(queued)]], [2]);
  await after(said, 0);
  expect(await after(said, 1_000)).toEqual({ kind: 'position', position: 2 });
  expect(await after(said, 3_000)).toEqual({ kind: 'quiet' });
});

test('the place of a job that does not wait is not asked for', async () => {
  const { said, asked } = open([[event(assigned)]], [1]);
  await after(said, 0);
  expect(await after(said, 3_000)).toEqual({ kind: 'quiet' });
  expect(asked()).toBe(0);
});

test('it is asked once of a job of which nothing is known, and no more when it does not wait', async () => {
  const { said, asked } = open([], [undefined]);
  expect(await after(said, 3_000)).toEqual({ kind: 'quiet' });
  expect(await after(said, 3_000)).toEqual({ kind: 'quiet' });
  expect(asked()).toBe(1);
});
