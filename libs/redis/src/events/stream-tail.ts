import type { Redis } from 'ioredis';
import { PassedOver, passOver } from '../connection/queue-log.js';

/** An entry as Redis returns it: its id, then fields and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

interface Watch {
  after: string;
  /** Settles when everything that was read so far has been consumed. */
  taken: Promise<void>;
  /** Reads that wait to be consumed. */
  waiting: number;
  readonly onEntries: (entries: readonly StreamEntry[]) => void | Promise<void>;
}

/** Timeout of a blocking read, in ms: a dead connection is detected by then. */
const blockMs = 5_000;
const maxEntriesPerRead = 500;
/** Maximum number of unconsumed reads of one stream; then reading waits as well. */
const maxWaiting = 20;

/**
 * Follows any number of streams over one connection: one blocking read for all of them, interrupted when one is added.
 * Entries of a stream arrive in order; a slow consumer of one stream does not delay the others. Entries that a consumer
 * rejects are delivered again.
 */
export class StreamTail {
  readonly #watches = new Map<string, Watch>();
  readonly #reader: Redis;
  #reading: Promise<void> | undefined;
  /** Counts the reads; odd while one is in progress. */
  #reads = 0;
  #closed = false;
  #clientId: number | undefined;

  /**
   * `connect` returns the connection for blocking reads; `waker` another one that interrupts them when a stream is
   * added: without it, a new stream is read with the next read. `paceMs` is the delay after a read of so many entries:
   * at high rates, fewer and larger reads cost less.
   */
  constructor(
    connect: () => Redis,
    private readonly waker?: Redis,
    private readonly paceMs: (entries: number) => number = () => 0,
  ) {
    this.#reader = connect();
    this.#reader.on('close', () => (this.#clientId = undefined));
  }

  /** Follows a stream after the entry `after` (`0-0` for all of it, `$` for future ones). */
  add(key: string, after: string, onEntries: Watch['onEntries']): void {
    this.#watches.set(key, { after, onEntries, taken: Promise.resolve(), waiting: 0 });
    void this.#wake();
    this.#begin();
  }

  /** Stops following a stream; resolves when everything read of it has been consumed. */
  async remove(key: string): Promise<void> {
    const watch = this.#watches.get(key);
    this.#watches.delete(key);
    await watch?.taken;
  }

  /** Stops reading and closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watches.clear();
    this.#reader.disconnect();
    await this.#reading;
  }

  #begin(): void {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      // added after the reading had found none left
      if (this.#watches.size > 0 && !this.#closed) this.#begin();
    });
  }

  /**
   * Interrupts the current read, so that the next one includes all streams. It may not have reached Redis yet: then
   * again.
   */
  async #wake(): Promise<void> {
    const underWay = this.#reads;
    if (underWay % 2 === 0 || !this.waker) return;
    while (this.#reads === underWay && !this.#closed && this.#clientId !== undefined) {
      const woken = await this.waker
        .client('UNBLOCK', this.#clientId)
        .catch(
          (error: unknown) => (passOver(this.#reader, 'reading a new stream failed and will be tried again')(error), 1),
        );
      if (woken === 1) return;
      await pause(2);
    }
  }

  async #read(): Promise<void> {
    const failed = new PassedOver(this.#reader, 'reading streams failed and will be tried again');
    const goesOn = (): boolean => !this.#closed;
    while (this.#watches.size > 0 && goesOn()) {
      try {
        // The id changes with every reconnection, and cannot be requested while the connection blocks.
        if (this.waker) this.#clientId ??= await this.#reader.client('ID');
        const streams = await this.#next();
        failed.wentWell();
        for (const [key, entries] of streams) await this.#hand(key, entries);
        if (streams.length > 0) await pause(this.paceMs(streams.reduce((sum, [, entries]) => sum + entries.length, 0)));
      } catch (error) {
        if (goesOn()) failed.say(error);
        await pause(100);
      }
    }
  }

  async #next(): Promise<readonly [string, readonly StreamEntry[]][]> {
    const watches = [...this.#watches];
    // the last one was removed while the id was requested
    if (watches.length === 0) return [];
    this.#reads++;
    try {
      const read = (await this.#reader.xread(
        'COUNT',
        maxEntriesPerRead,
        'BLOCK',
        blockMs,
        'STREAMS',
        ...watches.map(([key]) => key),
        ...watches.map(([, watch]) => watch.after),
      )) as [string, StreamEntry[]][] | null;
      return read ?? [];
    } finally {
      this.#reads++;
    }
  }

  /** Delivers entries after earlier ones; waits only if too many are unconsumed already. */
  async #hand(key: string, entries: readonly StreamEntry[]): Promise<void> {
    const watch = this.#watches.get(key);
    const last = entries.at(-1);
    if (!watch || !last) return;
    watch.after = last[0];
    watch.waiting++;
    watch.taken = watch.taken.then(() => this.#take(key, watch, entries)).finally(() => watch.waiting--);
    if (watch.waiting > maxWaiting) await watch.taken;
  }

  async #take(key: string, watch: Watch, entries: readonly StreamEntry[]): Promise<void> {
    const failed = new PassedOver(this.#reader, 'handing on what was read of a stream failed and will be tried again', {
      key,
    });
    while (!this.#closed) {
      try {
        await watch.onEntries(entries);
        return;
      } catch (error) {
        if (this.#watches.get(key) !== watch) return;
        failed.say(error);
        await pause(100);
      }
    }
  }
}

const pause = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
