import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue } from './fair-queue.js';
import { takeOne } from './rate.js';

const limits = { running: 10, waiting: 100 };

test('clients take turns, and the runs of one come in order', () => {
  const queue = new FairQueue<string>({ running: 1, waiting: 100 });
  for (const item of ['a1', 'a2', 'a3']) queue.add('a', item, limits);
  for (const item of ['b1', 'b2']) queue.add('b', item, limits);
  const order: (string | undefined)[] = [];
  for (let item = queue.next(); item !== undefined; item = queue.next()) {
    order.push(item);
    queue.ended(item[0]!);
  }
  expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
});

test('a client at its limit holds up nobody else', () => {
  const queue = new FairQueue<string>({ running: 3, waiting: 100 });
  for (const item of ['a1', 'a2']) queue.add('a', item, { running: 1, waiting: 10 });
  queue.add('b', 'b1', limits);
  expect([queue.next(), queue.next(), queue.next()]).toEqual(['a1', 'b1', undefined]);
  queue.ended('a');
  expect(queue.next()).toBe('a2');
});

test('a line has an end, and what waits can leave', () => {
  const queue = new FairQueue<string>({ running: 1, waiting: 2 });
  expect(['1', '2', '3'].map((item) => queue.add('a', item, { running: 1, waiting: 2 }))).toEqual([true, true, false]);
  expect(queue.remove('a', '1')).toBe(true);
  expect(queue.remove('a', '1')).toBe(false);
  expect(queue.next()).toBe('2');
  expect(queue.waiting).toBe(0);
});

test('no limit is ever exceeded, nobody is forgotten, and no client is passed over twice by the same other one', () => {
  const step = fc.record({ client: fc.constantFrom('a', 'b', 'c'), end: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new FairQueue<{ readonly client: string; readonly n: number }>({ running: 3, waiting: 20 });
      const running: { readonly client: string }[] = [];
      const waiting: { readonly client: string; readonly n: number }[] = [];
      const passed = new Map<string, Map<string, number>>();
      steps.forEach(({ client, end }, n) => {
        const item = { client, n };
        if (end) {
          const ended = running.shift();
          if (ended) queue.ended(ended.client);
        } else if (queue.add(client, item, { running: 2, waiting: 10 })) waiting.push(item);
        for (let next = queue.next(); next; next = queue.next()) {
          const begun = next;
          expect(begun).toBe(waiting.find((each) => each.client === begun.client));
          waiting.splice(waiting.indexOf(begun), 1);
          running.push(begun);
          passed.delete(begun.client);
          for (const other of new Set(waiting.map((each) => each.client))) {
            const atLimit = running.filter((each) => each.client === other).length >= 2;
            if (other === begun.client || atLimit) continue;
            const counts = passed.get(other) ?? new Map<string, number>();
            counts.set(begun.client, (counts.get(begun.client) ?? 0) + 1);
            passed.set(other, counts);
            expect(counts.get(begun.client)).toBeLessThanOrEqual(2);
          }
        }
        expect(queue.running).toBe(running.length);
        expect(queue.waiting).toBe(waiting.length);
        expect(running.length).toBeLessThanOrEqual(3);
        expect(waiting.length).toBeLessThanOrEqual(20);
      });
    }),
  );
});

test('a rate fills up evenly, and never above the worth of a minute', () => {
  let allowance = takeOne(undefined, 2, 0);
  allowance = takeOne(allowance, 2, 0);
  expect(allowance).toEqual({ left: 0, at: 0 });
  expect(takeOne(allowance, 2, 29_999)).toBeUndefined();
  expect(takeOne(allowance, 2, 30_000)).toEqual({ left: 0, at: 30_000 });
  expect(takeOne(allowance, 2, 1e9)).toEqual({ left: 1, at: 1e9 });
});
