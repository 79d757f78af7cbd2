import { ChannelLine } from '@remuda/channel';
import { systemClock } from '@remuda/runtime';
import { MemoryChannel } from '@remuda/testing';
import { expect, test } from 'vitest';

test('what is no request is refused with its reason, a job that is there already too, and others go on', async () => {
  const [worker, host] = MemoryChannel.pair(1_048_576);
  const line = new ChannelLine(worker, { profile: 'default', timeoutMs: 1_000, newId: () => 'j-new' }, systemClock);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const heard = host.arrivals()[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => ((await heard.next()).value as { readonly value: unknown }).value;
  line.open({
    carryOut: ({ job }) => {
      begun.push(job);
      void line.say({ kind: 'started', job, lease: 1, at: 1 });
      return new Promise((resolve) => ends.push(resolve));
    },
    refuse: () => Promise.resolve(),
    onControl: () => undefined,
  });
  await host.send({ prompt: '' });
  expect(await next()).toEqual({ kind: 'refused', reason: 'prompt must be a string that is not empty' });
  await host.send({ prompt: 'one', id: 'a' });
  expect(await next()).toMatchObject({ kind: 'started', job: 'a' });
  await host.send({ prompt: 'again', id: 'a' });
  expect(await next()).toEqual({ kind: 'refused', reason: 'a is waiting or under way already' });
  await host.send({ prompt: 'two', id: 'b' });
  await host.send({ prompt: 'three', id: 'c' });
  ends[0]?.();
  expect(await next()).toMatchObject({ kind: 'started', job: 'b' });
  const left = line.stopTaking();
  expect(await next()).toMatchObject({ kind: 'outcome', job: 'c', outcome: { failure: { code: 'worker.drained' } } });
  ends[1]?.();
  await left;
  expect(begun).toEqual(['a', 'b']);
  await line.close();
});
