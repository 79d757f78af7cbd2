import type { Redis } from 'ioredis';
import { PassedOver, passOver } from '../connection/queue-log.js';
import { Backlog, entriesWorth, type StreamEntry } from './backlog.js';

/** A stream to follow. */
export interface FollowedStream {
  readonly key: string;
  /** The entry after which to read: `0-0` for all of it, `$` for future ones. */
  readonly after: string;
  readonly onEntries: (entries: readonly StreamEntry[]) => void | Promise<void>;
}

interface Watch extends Pick<FollowedStream, 'onEntries'> {
  after: string;
  readonly backlog: Backlog;
  /** Hands on what was read, for as long as there is any; undefined while there is none. */
  handing: Promise<void> | undefined;
}

/** Options of a tail. */
export interface TailOptions {
  /**
   * Another connection, which interrupts the blocking read when a stream is added: without it, a new stream is read
   * with the next read.
   */
  readonly waker?: Redis;
  /** The delay after a read of so many entries, in ms: at high rates, fewer and larger reads cost less. Default 0. */
  readonly paceMs?: (entries: number) => number;
}

/** Timeout of a blocking read, in ms: a dead connection is detected by then. */
const blockMs = 5_000;

/**
 * Follows any number of streams over one connection: one blocking read for all of them, interrupted when one is added.
 * Entries of a stream arrive in order; what comes while its consumer is busy is handed on together afterwards. A slow
 * consumer does not delay the others: its stream is not read while too much of it waits. Entries that a consumer
 * rejects are delivered again.
 */
export class StreamTail {
  readonly #watches = new Map<string, Watch>();
  readonly #reader: Redis;
  readonly #waker: Redis | undefined;
  readonly #paceMs: (entries: number) => number;
  #reading: Promise<void> | undefined;
  /** Counts the reads; odd while one is in progress. */
  #reads = 0;
  #closed = false;
  #clientId: number | undefined;
  /** Average size of the entries that were read of late. */
  #entryBytes = 1_000;
  /** Ends the wait for a stream that may be read again. */
  #onRoom: () => void = () => undefined;

  /** `connect` returns the connection for blocking reads. */
  constructor(connect: () => Redis, { waker, paceMs = () => 0 }: TailOptions = {}) {
    this.#reader = connect();
    this.#waker = waker;
    this.#paceMs = paceMs;
    this.#reader.on('close', () => (this.#clientId = undefined));
  }

  /** Number of streams that are followed. */
  get size(): number {
    return this.#watches.size;
  }

  /** Follows a stream after the entry `after` (`0-0` for all of it, `$` for future ones). */
  add(key: string, after: string, onEntries: FollowedStream['onEntries']): void {
    this.addAll([{ key, after, onEntries }]);
  }

  /** Follows several streams; the read is begun again once for all of them. */
  addAll(streams: readonly FollowedStream[]): void {
    for (const { key, after, onEntries } of streams)
      this.#watches.set(key, { after, onEntries, backlog: new Backlog(), handing: undefined });
    this.#readAfresh();
    this.#begin();
  }

  /** Stops following a stream; resolves when everything read of it has been consumed. */
  async remove(key: string): Promise<void> {
    const watch = this.#watches.get(key);
    this.#watches.delete(key);
    this.#onRoom();
    await watch?.handing;
  }

  /** Stops reading and closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watches.clear();
    this.#onRoom();
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

  /** The next read includes all streams that may be read now. */
  #readAfresh(): void {
    this.#onRoom();
    void this.#wake();
  }

  /**
   * Interrupts the current read, so that the next one includes all streams. It may not have reached Redis yet: then
   * again.
   */
  async #wake(): Promise<void> {
    const underWay = this.#reads;
    if (underWay % 2 === 0 || !this.#waker) return;
    while (this.#reads === underWay && !this.#closed && this.#clientId !== undefined) {
      const woken = await this.#waker
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
        if (this.#waker) this.#clientId ??= await this.#reader.client('ID');
        const streams = await this.#next();
        failed.wentWell();
        for (const [key, entries, watch] of streams) this.#hand(key, entries, watch);
        if (streams.length > 0) await pause(this.#paceMs(streams.reduce((sum, [, { length }]) => sum + length, 0)));
      } catch (error) {
        if (goesOn()) failed.say(error);
        await pause(100);
      }
    }
  }

  async #next(): Promise<readonly [string, readonly StreamEntry[], Watch | undefined][]> {
    const watches = [...this.#watches].filter(([, { backlog }]) => !backlog.isFull);
    if (watches.length === 0) {
      // If there are none at all, the last one was removed while the id was requested.
      if (this.#watches.size > 0) await new Promise<void>((resolve) => (this.#onRoom = resolve));
      return [];
    }
    this.#reads++;
    try {
      const read = (await this.#reader.xread(
        'COUNT',
        entriesWorth(this.#entryBytes, watches.length),
        'BLOCK',
        blockMs,
        'STREAMS',
        ...watches.map(([key]) => key),
        ...watches.map(([, watch]) => watch.after),
      )) as [string, StreamEntry[]][] | null;
      const asked = new Map(watches);
      return (read ?? []).map(([key, entries]) => [key, entries, asked.get(key)]);
    } finally {
      this.#reads++;
    }
  }

  #hand(key: string, entries: readonly StreamEntry[], watch: Watch | undefined): void {
    const last = entries.at(-1);
    // One that was removed and added again during the read is read from elsewhere.
    if (!watch || !last || this.#watches.get(key) !== watch) return;
    watch.after = last[0];
    const bytes = watch.backlog.add(entries);
    this.#entryBytes += (bytes / entries.length - this.#entryBytes) / 4;
    watch.handing ??= this.#handOn(key, watch).finally(() => (watch.handing = undefined));
  }

  async #handOn(key: string, watch: Watch): Promise<void> {
    for (let entries = watch.backlog.take(); entries.length > 0 && !this.#closed; entries = watch.backlog.take()) {
      await this.#take(key, watch, entries);
      if (watch.backlog.taken(entries)) this.#readAfresh();
    }
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
