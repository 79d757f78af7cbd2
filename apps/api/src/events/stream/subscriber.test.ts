import { EventEmitter } from 'node:events';
import { anyone, type JobEvent } from '@remuda/domain';
import { ManualClock } from '@remuda/testing';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { TokenEnds } from '../../identity/token-ends.js';
import type { JobEvents } from '../job-events.js';
import { OpenStreams } from './open-streams.js';
import { withQuiet } from './quiet.js';
import { Subscriber } from './subscriber.js';

test('a client that does not take its messages holds its job up: no batch is pulled ahead of it', async () => {
  let pulled = 0;
  async function* endless(): AsyncGenerator<readonly JobEvent[]> {
    for (;;)
      yield await Promise.resolve([{ id: ++pulled, attempt: 1, type: 'message.text', at: 0, data: { text: 'x' } }]);
  }
  const stream = withQuiet(endless(), {
    clock: new ManualClock(),
    lookMs: 60_000,
    beatAfter: 1,
    position: () => Promise.resolve(undefined),
  });
  const events = { follow: () => Promise.resolve({ ended: false, stream }) } as unknown as JobEvents;
  const none = { follow: () => Promise.resolve({ ended: true } as const) };
  const sent: (() => void)[] = [];
  const socket = Object.assign(new EventEmitter(), { send: (_text: string, left: () => void) => sent.push(left) });
  const streams = new OpenStreams(new Registry(), new TokenEnds(new ManualClock()));
  new Subscriber(socket as unknown as WebSocket, { jobs: events, sessions: none }, streams, anyone);
  socket.emit('message', Buffer.from('{"subscribe":"j-1"}'), false);
  const pullsOnly = async (batches: number): Promise<void> => {
    await expect.poll(() => pulled, { interval: 1 }).toBe(batches);
    for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    expect(pulled).toBe(batches);
  };
  await pullsOnly(1);
  await expect.poll(() => sent.length, { interval: 1 }).toBe(1);
  sent[0]?.();
  await pullsOnly(2);
  streams.onModuleDestroy();
});
