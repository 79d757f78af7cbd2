import type { Arrived, Channel } from '@remuda/domain';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Both ends of one channel, for messages of at most 1 MiB. */
export interface ChannelHarness {
  readonly worker: Channel;
  readonly host: Channel;
  close(): Promise<void>;
}

/** What every keeper of the Channel port promises. */
export function channelContract(name: string, make: () => Promise<ChannelHarness>): void {
  describe(`${name}, as a channel`, () => {
    let ends: ChannelHarness;
    beforeEach(async () => {
      ends = await make();
    });
    afterEach(() => ends.close());

    /** The next messages that arrive. */
    const next = async (arrivals: AsyncIterator<Arrived>, count: number): Promise<readonly unknown[]> => {
      const values: unknown[] = [];
      while (values.length < count) {
        const { value, done } = await arrivals.next();
        if (done === true) throw new Error(`ended after ${String(values.length)} messages`);
        values.push(value.kind === 'message' ? value.value : value);
      }
      return values;
    };
    const listen = (end: Channel): AsyncIterator<Arrived> => end.arrivals()[Symbol.asyncIterator]();

    test.each([
      ['to the worker', 'host', 'worker'],
      ['to the host', 'worker', 'host'],
    ] as const)('messages arrive %s, whole and in their order', async (_, from, to) => {
      const arrivals = listen(ends[to]);
      const sent = [{ id: 1, text: 'a\nb' }, 'ünïcode 🐎', [1, null], 4];
      for (const message of sent) await ends[from].send(message);
      expect(await next(arrivals, sent.length)).toEqual(sent);
    });

    test('both ends speak at once', async () => {
      const [worker, host] = [listen(ends.worker), listen(ends.host)];
      const numbers = Array.from({ length: 200 }, (_, i) => i);
      const say = (end: Channel) => Promise.all(numbers.map((i) => end.send(i)));
      const heard = Promise.all([next(worker, numbers.length), next(host, numbers.length)]);
      await Promise.all([say(ends.worker), say(ends.host)]);
      expect(await heard).toEqual([numbers, numbers]);
    });

    test('a large message arrives, and one that is too large is refused', async () => {
      const arrivals = listen(ends.host);
      const large = 'x'.repeat(1_000_000);
      const [[heard]] = await Promise.all([next(arrivals, 1), ends.worker.send(large)]);
      expect(heard).toBe(large);
      await expect(ends.worker.send('x'.repeat(1_048_576))).rejects.toMatchObject({ code: 'channel.invalid' });
      await ends.worker.send('still there');
      expect(await next(arrivals, 1)).toEqual(['still there']);
    });

    test('the host hears what the worker said before it left, and then that it is gone', async () => {
      const arrivals = listen(ends.host);
      await ends.worker.send('last words');
      expect(await next(arrivals, 1)).toEqual(['last words']);
      await ends.worker.close();
      expect(await arrivals.next()).toMatchObject({ done: true });
      await expect(ends.host.send('anybody?')).rejects.toMatchObject({ code: 'channel.unavailable' });
    });

    test('a closed end hears and says nothing, and may be closed again', async () => {
      const arrivals = listen(ends.worker);
      const waiting = arrivals.next();
      await ends.worker.close();
      await ends.worker.close();
      expect(await waiting).toMatchObject({ done: true });
      await expect(ends.worker.send(1)).rejects.toMatchObject({ code: 'channel.unavailable' });
    });
  });
}
