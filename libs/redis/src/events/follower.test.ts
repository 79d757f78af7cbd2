import { describe, expect, it } from 'vitest';
import { Follower, SharedEntry } from './follower.js';

/** An entry with one event, of about so many characters. */
function entry(id: number, length = 10): SharedEntry {
  const event = { type: 'message.delta', at: 0, data: { text: 'x'.repeat(length) } };
  return new SharedEntry([`${id}-0`, ['n', '1', 'a', '1', 'd', JSON.stringify([event])]]);
}

/** A follower that has read the stream up to an event. */
function upTo(after: number): Follower {
  const follower = new Follower(after);
  follower.behind = false;
  return follower;
}

const ids = (follower: Follower): readonly number[] | undefined => follower.take()?.map(({ id }) => id);

describe('a follower', () => {
  it('takes what was offered after its place, in order and once', () => {
    const follower = upTo(2);
    follower.offer([entry(2), entry(3)]);
    follower.offer([entry(4)]);
    expect(ids(follower)).toEqual([3, 4]);
    expect(ids(follower)).toBeUndefined();
    expect(follower.behind).toBe(false);
  });

  it('reads the stream where what is held does not join on', () => {
    const follower = upTo(2);
    follower.offer([entry(5)]);
    expect(ids(follower)).toBeUndefined();
    expect(follower.behind).toBe(true);
  });

  it.each([
    ['many entries', 200, 10],
    ['large ones', 10, 10_000],
  ])('that does not take keeps nothing of %s, and reads the stream later', (_what, count, length) => {
    const follower = upTo(0);
    for (let id = 1; id <= count; id++) follower.offer([entry(id, length)]);
    expect(follower.behind).toBe(true);
    // at most what came since it was last too much
    expect((follower.take() ?? []).length).toBeLessThan(70);
  });

  it('gets the same events as the others: they are parsed once', () => {
    const [a, b] = [upTo(0), upTo(0)];
    const shared = [entry(1)];
    a.offer(shared);
    b.offer(shared);
    expect(a.take()?.[0]).toBe(b.take()?.[0]);
  });

  it('reads pages of about 32 KB, whatever the size of an entry', () => {
    const follower = upTo(0);
    follower.measure(8, 8 * 300);
    expect(follower.page).toBe(109);
    follower.measure(8, 8 * 8_000);
    expect(follower.page).toBe(4);
    follower.measure(8, 8 * 1_000_000);
    expect(follower.page).toBe(1);
  });
});
