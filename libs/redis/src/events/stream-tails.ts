import type { Redis } from 'ioredis';
import type { StreamEntry } from './backlog.js';
import { StreamTail, type TailOptions } from './stream-tail.js';

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
  add(key: string, after: string, onEntries: (entries: readonly StreamEntry[]) => void | Promise<void>): void {
    if (this.#closed) return;
    const tail = this.#of.get(key) ?? this.#choose();
    this.#of.set(key, tail);
    tail.add(key, after, onEntries);
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

  #choose(): StreamTail {
    const least = this.#tails.reduce((a, b) => (b.size < a.size ? b : a));
    if (least.size < streamsPerTail || this.#tails.length >= maxTails) return least;
    const another = new StreamTail(this.connect, this.options);
    this.#tails.push(another);
    return another;
  }
}
