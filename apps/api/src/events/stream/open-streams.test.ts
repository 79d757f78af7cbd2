import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { OpenStreams } from './open-streams.js';

test('the shutdown ends every stream, and waits until each has said goodbye', async () => {
  const streams = new OpenStreams(new Registry());
  const [a, b] = [streams.start(), streams.start()];
  streams.onModuleDestroy();
  expect([a.signal.aborted, b.signal.aborted]).toEqual([true, true]);
  let gone = false;
  const going = streams.beforeApplicationShutdown().then(() => (gone = true));
  a.close();
  a.close();
  await Promise.resolve();
  expect(gone).toBe(false);
  b.close();
  await going;
});

test('a stream that is opened during the shutdown is over at once, and holds nobody up', async () => {
  const streams = new OpenStreams(new Registry());
  streams.onModuleDestroy();
  expect(streams.start().signal.aborted).toBe(true);
  await streams.beforeApplicationShutdown();
});

test('the figure says how many are open', async () => {
  const registry = new Registry();
  const streams = new OpenStreams(registry);
  const { close } = streams.start();
  streams.start();
  close();
  expect(await registry.metrics()).toContain('remuda_event_streams_open 1');
});
