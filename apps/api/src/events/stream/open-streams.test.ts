import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { anyone } from '@remuda/domain';
import { ManualClock } from '@remuda/testing';
import { TokenEnds } from '../../identity/token-ends.js';
import { OpenStreams } from './open-streams.js';

const ends = new TokenEnds(new ManualClock());

test('the shutdown ends every stream, and waits until each has said goodbye', async () => {
  const streams = new OpenStreams(new Registry(), ends);
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
  const streams = new OpenStreams(new Registry(), ends);
  streams.onModuleDestroy();
  expect(streams.start().signal.aborted).toBe(true);
  await streams.beforeApplicationShutdown();
});

test('the figure says how many are open', async () => {
  const registry = new Registry();
  const streams = new OpenStreams(registry, ends);
  const { close } = streams.start();
  streams.start();
  close();
  expect(await registry.metrics()).toContain('remuda_event_streams_open 1');
});

test('a stream ends with the key of its reader, and is then no longer watched', () => {
  const streams = new OpenStreams(new Registry(), ends);
  const { signal, close } = streams.start({ ...anyone, key: 'k' });
  ends.revoked('k');
  expect(signal.aborted).toBe(true);
  close();
  expect(ends.keys()).toEqual([]);
});
