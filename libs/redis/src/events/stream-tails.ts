import type { Redis } from 'ioredis';
import { StreamTail, type FollowedStream, type TailOptions } from './stream-tail.js';

/** Up to so many streams a tail is given before there is another: each read costs Redis as much as it has streams. */
const streamsPerTail = 64;
/** Maximum number of tails, and so of connections: then each gets more streams. */
const maxTails = 16;

/**
 * Follows any number of streams as a `StreamTail` does, over a few connections. A stream that is added, and an entry
 * that comes, cause a read over the streams of its own tail only.
 */
export class StreamTails {
  readonly #tails: StreamTail[] = [];
  readonly #of = new Map<string, StreamTail>();
  #closed = false;

  /** `connect` returns a connection for blocking reads; the first one is opened at once, others as they are needed. */
  constructor(
    private readonly connect: () => Redis,
    private readonly options: TailOptions & { readonly waker: Redis },
  ) {
    this.#tails.push(new StreamTail(connect, options));
  }

  /** Follows a stream after the entry `after` (`0-0` for all of it, `$` for future ones). */
  add(key: string, after: string, onEntries: FollowedStream['onEntries']): void {
    this.addAll([{ key, after, onEntries }]);
  }

  /** Follows several streams; the reads of their tails are begun again once for all of them. */
  addAll(streams: readonly FollowedStream[]): void {
    if (this.#closed) return;
    const added = new Map<StreamTail, FollowedStream[]>();
    for (const stream of streams) {
      const tail = this.#of.get(stream.key) ?? this.#choose(added);
      this.#of.set(stream.key, tail);
      const its = added.get(tail) ?? [];
      its.push(stream);
      added.set(tail, its);
    }
    for (const [tail, its] of added) tail.addAll(its);
  }

  /** Stops following a stream; resolves when everything read of it has been consumed. */
  async remove(key: string): Promise<void> {
    const tail = this.#of.get(key);
    this.#of.delete(key);
    await tail?.remove(key);
  }

  /** Stops reading and closes the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#tails.map((tail) => tail.close()));
  }

  /** The tail with the fewest streams, those that it is about to get included. */
  #choose(added: ReadonlyMap<StreamTail, readonly unknown[]>): StreamTail {
    const sizeOf = (tail: StreamTail): number => tail.size + (added.get(tail)?.length ?? 0);
    const least = this.#tails.reduce((a, b) => (sizeOf(b) < sizeOf(a) ? b : a));
    if (sizeOf(least) < streamsPerTail || this.#tails.length >= maxTails) return least;
    const another = new StreamTail(this.connect, this.options);
    this.#tails.push(another);
    return another;
  }
}
