import { expect, test } from 'vitest';
import { RemudaError, type Channel, type NewEvent } from '@remuda/domain';
import { ManualClock } from '@remuda/testing';
import { Outbox } from './outbox.js';

const text = (said: string): NewEvent => ({ type: 'message.text', at: 1, data: { text: said } });
const phase = { kind: 'phase', phase: 'idle' } as const;

/** An outbox whose other end answers as the test says, and what it took. */
function outbox(answer: () => 'taken' | 'channel.unavailable' | 'channel.timed_out') {
  const sent: unknown[] = [];
  const channel: Channel = {
    send: (message) => {
      const how = answer();
      if (how !== 'taken') return Promise.reject(new RemudaError(how, 'no'));
      sent.push(message);
      return Promise.resolve();
    },
    arrivals: async function* () {},
    close: () => Promise.resolve(),
  };
  const clock = new ManualClock();
  return { box: new Outbox(channel, clock), sent, clock };
}

test('events that come together go together, and reports keep their place between them', async () => {
  const { box, sent } = outbox(() => 'taken');
  box.tell('j-1', 1, text('a'));
  box.tell('j-1', 1, text('b'));
  void box.say(phase);
  box.tell('j-1', 1, text('c'));
  await box.close(1_000);
  expect(sent).toEqual([
    { kind: 'events', job: 'j-1', lease: 1, events: [text('a'), text('b')] },
    phase,
    { kind: 'events', job: 'j-1', lease: 1, events: [text('c')] },
  ]);
});

test('what nobody takes is kept and sent again, and is given up at the close', async () => {
  let away = true;
  const { box, sent, clock } = outbox(() => (away ? 'channel.unavailable' : 'taken'));
  const said = box.say(phase);
  while (clock.sleeping === 0) await Promise.resolve();
  expect(sent).toEqual([]);
  away = false;
  await clock.advance(200);
  await said;
  expect(sent).toEqual([phase]);
  away = true;
  const lost = box.say(phase);
  const closed = box.close(1_000);
  while (clock.sleeping < 2) await Promise.resolve();
  await clock.advance(1_000);
  await closed;
  await lost;
  expect(sent).toEqual([phase]);
});

test('what was begun and not taken in time is not sent twice', async () => {
  const answers = ['channel.timed_out', 'taken'] as const;
  let asked = 0;
  const { box, sent } = outbox(() => answers[asked++] ?? 'taken');
  await box.say(phase);
  await box.say({ kind: 'refused', reason: 'x' });
  expect(sent).toEqual([{ kind: 'refused', reason: 'x' }]);
});

test('of events that nobody reads the oldest go, and are counted', async () => {
  const { box, clock } = outbox(() => 'channel.unavailable');
  void box.say(phase);
  while (clock.sleeping === 0) await Promise.resolve();
  for (let i = 0; i < 100_010; i++) box.tell(i % 2 === 0 ? 'j-1' : 'j-2', 1, text('x'));
  expect(box.dropped).toBe(10);
  const closed = box.close(10);
  while (clock.sleeping < 2) await Promise.resolve();
  await clock.advance(10);
  await closed;
});
