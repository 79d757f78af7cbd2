import { describe, expect, test, vi } from 'vitest';
import { ApiError, ConnectionError } from './api-error.js';
import { follow, followSession, type FollowOptions, type OpenStream } from './follow.js';
import type { JobEvent, SessionEvent } from './shapes.js';

const event = (id: number, type = 'message.text'): JobEvent =>
  ({ id, attempt: 1, type, at: 0, data: { text: 'x' } }) as unknown as JobEvent;
const over = (id: number): JobEvent => event(id, 'job.over');

/** A stream of events, which then ends, or breaks. */
const stream = (events: readonly JobEvent[], broken = false): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('event: job.position\ndata: {"position":1}\n\n'));
      for (const one of events)
        controller.enqueue(Buffer.from(`id: ${String(one.id)}\nevent: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`));
      if (broken) queueMicrotask(() => controller.error(new TypeError('terminated')));
      else controller.close();
    },
  });

async function idsOf(open: OpenStream, options?: FollowOptions): Promise<readonly number[]> {
  const ids: number[] = [];
  for await (const { id } of follow(open, options)) ids.push(id);
  return ids;
}

describe('a stream of events', () => {
  test('is followed until the job is over, and what is no event is left out', async () => {
    const parts = [stream([event(1), over(2)])];
    expect(await idsOf(async () => parts.shift())).toEqual([1, 2]);
  });

  test('goes on behind an end after which the job was redriven', async () => {
    const parts = [stream([event(1), over(2)]), stream([event(3), over(4)])];
    const asked: number[] = [];
    const ids = await idsOf(async (after) => {
      asked.push(after);
      return parts.shift();
    });
    expect([ids, asked]).toEqual([
      [1, 2, 3, 4],
      [0, 2, 4],
    ]);
  });

  test('that ends or breaks is opened again behind the last event', async () => {
    const parts = [stream([event(1), event(2)]), stream([event(3)]), stream([over(4)])];
    const asked: number[] = [];
    const open: OpenStream = async (after) => {
      asked.push(after);
      return parts.shift();
    };
    expect(await idsOf(open)).toEqual([1, 2, 3, 4]);
    expect(asked).toEqual([0, 2, 3, 4]);
  });

  test('says each time that it is open', async () => {
    const parts = [stream([event(1)], true), stream([over(2)])];
    const said: string[] = [];
    await idsOf(async () => parts.shift(), {
      onOpen: () => said.push('open'),
      onRetry: () => said.push('broken'),
    });
    expect(said).toEqual(['open', 'broken', 'open']);
  });

  test('begins behind the event that is known', async () => {
    const open = vi.fn<OpenStream>(async () => undefined);
    expect(await idsOf(open, { after: 7 })).toEqual([]);
    expect(open).toHaveBeenCalledWith(7, undefined);
  });

  test('is asked for again while the api is away, and the caller is told', async () => {
    const faults = [
      new ConnectionError('http://x', new Error('refused')),
      new ApiError(503, 'redis.unavailable', 'away'),
    ];
    const retries: Error[] = [];
    const parts = [stream([over(1)])];
    const open: OpenStream = async () => {
      const fault = faults.shift();
      if (fault) throw fault;
      return parts.shift();
    };
    expect(await idsOf(open, { onRetry: (error) => retries.push(error) })).toEqual([1]);
    expect(retries.map(({ name }) => name)).toEqual(['ConnectionError', 'ApiError']);
  });

  test('is given up when the api was away for too long', async () => {
    const open: OpenStream = async () => {
      throw new ConnectionError('http://x', new Error('refused'));
    };
    await expect(idsOf(open, { giveUpMs: 300 })).rejects.toThrow('No answer from http://x: refused.');
  });

  test('that the api refuses is not asked for again', async () => {
    const open = vi.fn<OpenStream>(async () => {
      throw new ApiError(404, 'job.unknown', 'There is no such job.');
    });
    await expect(idsOf(open)).rejects.toThrow('There is no such job.');
    expect(open).toHaveBeenCalledTimes(1);
  });

  test('ends when the caller leaves, also between two tries', async () => {
    const leaving = new AbortController();
    const open: OpenStream = async () => {
      queueMicrotask(() => leaving.abort(new Error('left')));
      return stream([]);
    };
    await expect(idsOf(open, { signal: leaving.signal })).rejects.toThrow('left');
  });
});

describe('the stream of a session', () => {
  const eventOf = (id: string): SessionEvent => ({ id, turn: 1, job: 'j-1', event: over(2) });
  const open = (parts: (readonly string[] | undefined)[], asked: string[]): OpenStream<string> => {
    return async (after) => {
      asked.push(after);
      const part = parts.shift();
      return part && stream(part.map(eventOf) as unknown as JobEvent[]);
    };
  };

  test('goes on over the ends of its turns, and ends when nothing is left behind the last event', async () => {
    const asked: string[] = [];
    const ids: string[] = [];
    for await (const { id } of followSession(open([['1.1', '1.2'], ['2.1'], undefined], asked))) ids.push(id);
    expect(ids).toEqual(['1.1', '1.2', '2.1']);
    expect(asked).toEqual(['0', '1.2', '2.1']);
  });
});
