import { expect, test } from 'vitest';
import type { Ending } from '@remuda/domain';
import type { HeldJob } from '@remuda/redis';
import { createLogger } from '@remuda/runtime';
import { ManualClock } from '@remuda/testing';
import { Places } from './places.js';

const failure = { code: 'worker.lost', message: 'x' } as const;
const held = (id: string): HeldJob => ({ id, lock: 'l', placedAt: 0 });

/** Places in a queue that answers when it is told to. */
function make() {
  const moves: string[] = [];
  const answers: { readonly done: () => void; readonly failed: (error: Error) => void }[] = [];
  const move = (what: string): Promise<void> => {
    moves.push(what);
    return new Promise((done, failed) => answers.push({ done, failed }));
  };
  const queue = {
    finish: ({ id }: HeldJob, why?: { readonly code: string }) => move(`finish ${id} ${why?.code ?? 'well'}`),
    giveBack: ({ id }: HeldJob) => move(`give back ${id}`),
    park: ({ id }: HeldJob, at: number) => move(`park ${id} ${String(at)}`),
  };
  const clock = new ManualClock();
  const places = new Places(() => queue, clock, createLogger({ name: 'test', level: 'silent' }));
  return { moves, answers, clock, places };
}

/** Whether a promise has come to something by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return (await Promise.race([
    promise.then(() => true),
    new Promise((resolve) => setImmediate(resolve, false)),
  ])) as boolean;
}

test('a place goes where its record went', async () => {
  const { moves, places } = make();
  const endings: readonly Ending[] = [
    { state: 'succeeded' },
    { state: 'cancelled', failure },
    { state: 'queued', failure },
    { state: 'queued', failure, wakeAt: 5 },
  ];
  for (const [i, ending] of endings.entries()) await places.follow(held(`j-${String(i)}`), 'default', ending);
  expect(moves).toEqual(['finish j-0 well', 'finish j-1 worker.lost', 'give back j-2', 'park j-3 5']);
});

test('nobody waits for a place, but where hundreds are behind', async () => {
  const { answers, places } = make();
  for (let i = 0; i < 200; i++) await places.follow(held(`j-${String(i)}`), 'default', { state: 'succeeded' });
  const last = places.follow(held('j-last'), 'default', { state: 'succeeded' });
  expect(await isSettled(last)).toBe(false);
  answers[0]!.failed(new Error('not now'));
  expect(await isSettled(last)).toBe(true);
});

test('a scheduler that ends waits for the places that are behind, and not for ever', async () => {
  const { answers, clock, places } = make();
  await places.follow(held('j-1'), 'default', { state: 'succeeded' });
  const settled = places.settle();
  expect(await isSettled(settled)).toBe(false);
  answers[0]!.done();
  await settled;
  await places.follow(held('j-2'), 'default', { state: 'succeeded' });
  const again = places.settle();
  await clock.advance(2_001);
  await again;
});
