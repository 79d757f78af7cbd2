import type { SessionEvent } from '@remuda/client';
import { describe, expect, test } from 'vitest';
import { kubeconfig } from '../contract/containers/real-cluster.js';
import { bash, inTime, longMs, OnPods } from './harness/on-pods.js';

/** So long a pod waits for the next turn: longer than a busy machine needs to send one, and short enough to be waited for. */
const idleMs = 45_000;
const often = { REMUDA_SNAPSHOT_EVERY_MS: '300' };

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe.skipIf(kubeconfig === '')('a session on the cluster that KUBECONFIG names', () => {
  test(
    'has three turns in three pods: one that waits between turns, one that goes on when it is deleted, one that wakes it',
    { timeout: 2 * longMs },
    async () => {
      const own = await OnPods.start({ pool: { warm: 1, max: 2 } }, often);
      const { sessions } = own;
      await own.warm(1);
      const { id } = await sessions.create({ idleMs });
      const stream: Promise<readonly SessionEvent[]> = all(sessions.follow(id));
      // what a test that fails does not wait for
      stream.catch(() => undefined);

      const first = await own.turn(id, 'The word is heron.', bash('echo one > a.txt'), { text: 'noted' });
      expect(first).toMatchObject({ state: 'succeeded', session: id });
      const held = first.worker ?? '';
      await expect.poll(() => sessions.get(id), inTime).toMatchObject({ state: 'idle', worker: held, turns: 1 });

      // the second begins in the same pod, which is deleted while a tool runs
      const second = await own.sendTurn(
        id,
        'The number is 7.',
        bash('cat a.txt > b.txt; echo two >> b.txt'),
        { ...bash('until [ -e /tmp/go ]; do sleep 0.1; done; echo end > c.txt'), hangMs: 8_000 },
        { text: 'both' },
      );
      expect(await own.workerOf(second, 'tool.called')).toBe(held);
      expect(await own.api.job(second)).toMatchObject({ attempt: 1, start: { kind: 'warm' } });
      const { connection, keys, model } = own.cluster;
      await expect.poll(() => connection.hget(keys.job(second), 'snapshot'), inTime).not.toBeNull();
      await own.pods.delete(held, 0);
      const next = await own.workerOf(second, 'attempt.resumed');
      expect(next).not.toBe(held);
      await own.letGo(next);
      expect(await own.api.over(second)).toMatchObject({ state: 'succeeded', attempt: 2 });
      await expect.poll(() => sessions.get(id), inTime).toMatchObject({ state: 'idle', worker: next, turns: 2 });

      // nobody says anything until its pod has left
      await expect.poll(async () => (await sessions.get(id)).state, inTime).toBe('hibernated');
      await expect.poll(() => own.workers(), inTime).not.toContain(next);

      const third = await own.turn(id, 'Which?', bash('cat b.txt c.txt'), { text: 'heron and 7' });
      expect(third).toMatchObject({ state: 'succeeded', attempt: 1, start: { kind: 'resumed' } });
      expect([held, next]).not.toContain(third.worker);
      expect(await own.printedIn(third.id)).toBe('one\ntwo\nend');
      const seen = JSON.stringify(model.requests.findLast(({ main }) => main)?.body);
      for (const said of ['The word is heron', 'noted', 'The number is 7', 'both', 'Which?'])
        expect(seen).toContain(said);
      const files = await all(sessions.files(id));
      expect(files.map(({ path }) => path)).toEqual(['a.txt', 'b.txt', 'c.txt']);

      await sessions.stop(id);
      const jobs = [first.id, second, third.id];
      const told = await Promise.all(jobs.map((job) => own.told(job)));
      expect((await stream).map(({ turn, job, event }) => ({ turn, job, event }))).toEqual(
        told.flatMap((events, i) => events.map((event) => ({ turn: i + 1, job: jobs[i], event }))),
      );
      const messages = await sessions.messages(id);
      expect(messages.flatMap(({ role, text }) => (role === 'assistant' ? [text] : []))).toEqual([
        ...['noted', 'both', 'heron and 7'],
      ]);
    },
  );
});
