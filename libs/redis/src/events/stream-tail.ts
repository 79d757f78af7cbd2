import type { Redis } from 'ioredis';
import { PassedOver, passOver } from '../connection/queue-log.js';

/** An entry as Redis gives it: its id, then fields and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

interface Watch {
  after: string;
  /** Settles when everything that was read so far has been taken. */
  taken: Promise<void>;
  /** Reads that wait to be taken. */
  waiting: number;
  readonly onEntries: (entries: readonly StreamEntry[]) => void | Promise<void>;
}

/** How long a blocking read waits at most, in ms: a dead connection is noticed by then. */
const blockMs = 5_000;
const maxEntriesPerRead = 500;
/** Reads of one stream that may wait to be taken; then the reading waits as well. */
const maxWaiting = 20;

/**
 * Follows any number of streams over one connection: one blocking read for all of them, woken when one is added.
 * Entries of a stream come in order; a stream that is slow to be taken does not hold up the others. What its taker
 * rejects is given to it again.
 */
export class StreamTail {
  readonly #watches = new Map<string, Watch>();
  readonly #reader: Redis;
  #reading: Promise<void> | undefined;
  /** Counts the reads; odd while one is under way. */
  #reads = 0;
  #closed = false;
  #clientId: number | undefined;

  /**
   * `connect` gives the connection to block on; `waker` another one that wakes it when a stream is added: without, a stream that is
   * added later is read with the next read. `paceMs` is the pause after a read of so many entries: where many come, fewer and larger
   * reads cost less.
   */
  constructor(
    connect: () => Redis,
    private readonly waker?: Redis,
    private readonly paceMs: (entries: number) => number = () => 0,
  ) {
    this.#reader = connect();
    this.#reader.on('close', () => (this.#clientId = undefined));
  }

  /** Follows a stream from behind the entry `after` (`0-0` for all of it, `$` for what is to come). */
  add(key: string, after: string, onEntries: Watch['onEntries']): void {
    this.#watches.set(key, { after, onEntries, taken: Promise.resolve(), waiting: 0 });
    void this.#wake();
    this.#begin();
  }

  /** Follows a stream no longer; resolves when what was read of it has been taken. */
  async remove(key: string): Promise<void> {
    const watch = this.#watches.get(key);
    this.#watches.delete(key);
    await watch?.taken;
  }

  /** Ends the reading and the connection. */
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

  /** Ends the read that is under way, so that the next one has all streams. It may not have reached Redis yet: then again. */
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
        // The id changes with every reconnection, and can't be asked for while the connection blocks.
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
    // the last one went while the id was asked for
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

  /** Hands entries on behind those that were read before; waits only where too many wait already. */
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
