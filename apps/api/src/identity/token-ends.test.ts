import { anyone, type Principal } from '@remuda/domain';
import { ManualClock } from '@remuda/testing';
import { expect, test } from 'vitest';
import { TokenEnds } from './token-ends.js';

const by = (own: Partial<Principal>): Principal => ({ ...anyone, ...own });

test('what was opened with a revoked key ends, and nothing else', () => {
  const ends = new TokenEnds(new ManualClock());
  const ended: string[] = [];
  const watch = (name: string, own: Partial<Principal>): (() => void) => ends.watch(by(own), () => ended.push(name));
  watch('one', { key: 'a' });
  watch('other', { key: 'b' });
  watch('none', {});
  watch('closed', { key: 'a' })();
  expect(ends.keys()).toEqual(['a', 'b']);
  ends.revoked('a');
  expect(ended).toEqual(['one']);
});

test('what is closed is forgotten', () => {
  const ends = new TokenEnds(new ManualClock());
  ends.watch(by({ key: 'a' }), () => undefined)();
  expect(ends.keys()).toEqual([]);
});

test('what was opened with a token ends when the token does', async () => {
  const clock = new ManualClock();
  const ends = new TokenEnds(clock);
  let ended = false;
  ends.watch(by({ expiresAt: clock.now() + 1_000 }), () => (ended = true));
  await clock.advance(999);
  expect(ended).toBe(false);
  await clock.advance(1);
  expect(ended).toBe(true);
});
