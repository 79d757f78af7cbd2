import { ManualClock } from '@remuda/testing';
import { expect, it } from 'vitest';
import { IdleWatch } from './idle-watch.js';

/** A watch of 100 ms, and what it says when it's over. */
function watched() {
  const clock = new ManualClock();
  const over = new AbortController();
  const pause = (ms: number): Promise<boolean> =>
    clock.sleep(ms, over.signal).then(
      () => true,
      () => false,
    );
  const watch = new IdleWatch(clock, 100);
  return { clock, over, watch, idle: watch.idle(pause) };
}

it('tells after its limit, counted from the last message', async () => {
  const { clock, watch, idle } = watched();
  let told = false;
  void idle.then(() => (told = true));
  await clock.advance(99);
  watch.see({ type: 'stream_event' });
  await clock.advance(99);
  expect(told).toBe(false);
  await clock.advance(1);
  expect(await idle).toBe(true);
});

it('does not count the word that a tool still runs, and counts an announced pause from its end', async () => {
  const { clock, watch, idle } = watched();
  let told = false;
  void idle.then(() => (told = true));
  watch.see({ type: 'system', subtype: 'api_retry', retry_delay_ms: 500 });
  await clock.advance(590);
  expect(told).toBe(false);
  watch.see({ type: 'tool_progress' });
  await clock.advance(10);
  expect(await idle).toBe(true);
});

it('ends with the turn', async () => {
  const { over, idle } = watched();
  over.abort();
  expect(await idle).toBe(false);
});
