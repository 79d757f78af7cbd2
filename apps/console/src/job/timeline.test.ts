import type { JobEvent } from '@remuda/client';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addEvents, emptyTimeline } from './timeline.js';

const event = (id: number, type: string, data: object): JobEvent =>
  ({ id, attempt: 1, at: id * 100, type, data }) as unknown as JobEvent;
const called = (id: number, call: string): JobEvent => event(id, 'tool.called', { id: call, name: 'Bash', input: {} });
const returned = (id: number, call: string, ok = true): JobEvent =>
  event(id, 'tool.returned', { id: call, ok, output: 'out' });
const kinds = (events: readonly JobEvent[]): readonly string[] =>
  addEvents(emptyTimeline, events).items.map((item) => item.kind);

describe('the timeline of a job', () => {
  test('has a call and what it returned in one item, also of calls at the same time', () => {
    const { items } = addEvents(emptyTimeline, [
      called(1, 'a'),
      called(2, 'b'),
      returned(3, 'b', false),
      returned(4, 'a'),
    ]);
    expect(items).toMatchObject([
      { kind: 'tool', call: 'a', end: { how: 'ok', at: 400 } },
      { kind: 'tool', call: 'b', end: { how: 'failed', at: 300 } },
    ]);
  });

  test('says that a call was denied, although it returns as well', () => {
    const denied = event(2, 'tool.denied', { id: 'a', name: 'Bash' });
    expect(addEvents(emptyTimeline, [called(1, 'a'), denied, returned(3, 'a', false)]).items).toMatchObject([
      { end: { how: 'denied', output: 'out' } },
    ]);
  });

  test('has a text once: what came token by token is replaced by the whole', () => {
    const delta = (id: number): JobEvent => event(id, 'message.delta', { text: 'so ' });
    expect(addEvents(emptyTimeline, [delta(1), delta(2)]).items).toMatchObject([{ kind: 'draft', text: 'so so ' }]);
    const whole = event(3, 'message.text', { text: 'so so far' });
    expect(addEvents(emptyTimeline, [delta(1), delta(2), whole]).items).toMatchObject([
      { kind: 'text', text: 'so so far' },
    ]);
  });

  test('says how the job ended, and why', () => {
    const failed = event(1, 'job.over', { state: 'failed', failure: { code: 'internal', message: 'It broke.' } });
    expect(addEvents(emptyTimeline, [failed]).items).toMatchObject([{ tone: 'bad', text: 'Failed: It broke.' }]);
  });

  test('leaves out types that it does not know', () => {
    expect(kinds([event(1, 'something.new', { host: 'x' }), event(2, 'message.text', { text: 'a' })])).toEqual([
      'text',
    ]);
  });

  test('is the same however its events come in parts, and however often', () => {
    const events = fc
      .array(fc.constantFrom('text', 'delta', 'call', 'return'), { maxLength: 30 })
      .map((names) => names.map((name, at) => made[name]!(at + 1)));
    fc.assert(
      fc.property(events, fc.nat(30), fc.nat(5), (all, cut, again) => {
        const first = addEvents(emptyTimeline, all.slice(0, cut));
        expect(addEvents(first, all.slice(Math.max(0, cut - again)))).toEqual(addEvents(emptyTimeline, all));
      }),
    );
  });

  test('keeps the items that further events do not touch', () => {
    const first = addEvents(emptyTimeline, [called(1, 'a'), called(2, 'b')]);
    const then = addEvents(first, [returned(3, 'b')]);
    expect([then.items[0] === first.items[0], then.items[1] === first.items[1]]).toEqual([true, false]);
  });
});

const made: Readonly<Record<string, (id: number) => JobEvent>> = {
  text: (id) => event(id, 'message.text', { text: 'a' }),
  delta: (id) => event(id, 'message.delta', { text: 'b' }),
  call: (id) => called(id, 'c'),
  return: (id) => returned(id, 'c'),
};
