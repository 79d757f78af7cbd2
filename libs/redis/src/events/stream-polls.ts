import type { Redis } from 'ioredis';
import { PassedOver } from '../connection/queue-log.js';
import { isOutage } from '../connection/redis-error.js';
import { entriesWorth, type StreamEntry } from './backlog.js';
import type { FollowedStream } from './stream-tail.js';

interface Watch extends Pick<FollowedStream, 'onEntries'> {
  after: string;
  /** Hands on what was read; undefined while there is nothing. */
  handing: Promise<void> | undefined;
}

/** Streams of one read: it holds up everybody else at Redis. */
const streamsPerRead = 250;
/** What an entry is taken to have, in characters: such streams have little to say. */
const entryBytes = 1_000;

/**
 * Follows streams that say little, by a look at all of them every so often: a blocking read over many streams costs Redis
 * as much as it has streams, for each single entry. Entries of a stream arrive in order; those that a consumer rejects
 * are delivered again. What comes while its consumer is busy is read later.
 */
export class StreamPolls {
  readonly #watches = new Map<string, Watch>();
  #closed = false;
  readonly #failed: PassedOver;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  /** Looks over `redis`, which does not block, every `everyMs`. */
  constructor(
    private readonly redis: Redis,
    private readonly everyMs: number,
  ) {
    this.#failed = new PassedOver(redis, 'reading streams failed and will be tried again');
  }

  /** Follows a stream after an entry. */
  add(key: string, after: string, onEntries: FollowedStream['onEntries']): void {
    if (this.#closed) return;
    this.#watches.set(key, { after, onEntries, handing: undefined });
    this.#lookLater();
  }

  /** Stops following a stream; resolves when everything read of it has been consumed. */
  async remove(key: string): Promise<void> {
    const watch = this.#watches.get(key);
    this.#watches.delete(key);
    await watch?.handing;
  }

  /** Stops looking. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const handing = [...this.#watches.values()].flatMap((watch) => watch.handing ?? []);
    this.#watches.clear();
    await Promise.all([this.#looking, ...handing]);
  }

  #lookLater(): void {
    if (this.#looking) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
        if (this.#watches.size > 0 && !this.#closed) this.#lookLater();
      });
    }, this.everyMs);
  }

  async #look(): Promise<void> {
    const watches = [...this.#watches].filter(([, { handing }]) => !handing);
    const goesOn = (): boolean => !this.#closed;
    for (let from = 0; from < watches.length && goesOn(); from += streamsPerRead)
      try {
        await this.#read(watches.slice(from, from + streamsPerRead));
        this.#failed.wentWell();
      } catch (error) {
        if (goesOn()) this.#failed.say(error);
        return;
      }
  }

  async #read(watches: readonly (readonly [string, Watch])[]): Promise<void> {
    const there = new Map(watches.filter(([key, watch]) => this.#watches.get(key) === watch));
    if (there.size === 0) return;
    const count = entriesWorth(entryBytes, there.size);
    const after = [...there.values()].map((watch) => watch.after);
    try {
      const asked = this.redis.xread('COUNT', count, 'STREAMS', ...there.keys(), ...after);
      const read = (await asked) as [string, StreamEntry[]][] | null;
      for (const [key, entries] of read ?? []) this.#hand(key, entries, there.get(key));
    } catch (error) {
      if (isOutage(error) || there.size === 1) throw error;
      // one that is no stream keeps no others from being read
      const each = await Promise.allSettled([...there].map((one) => this.#read([one])));
      if (each.every(({ status }) => status === 'rejected')) throw error;
    }
  }

  #hand(key: string, entries: readonly StreamEntry[], watch: Watch | undefined): void {
    // One that was removed and added again during the read is read from elsewhere.
    if (!watch || this.#watches.get(key) !== watch || entries.length === 0) return;
    watch.handing = this.#handOn(watch, entries).finally(() => (watch.handing = undefined));
  }

  async #handOn(watch: Watch, entries: readonly StreamEntry[]): Promise<void> {
    try {
      await watch.onEntries(entries);
      watch.after = entries.at(-1)?.[0] ?? watch.after;
    } catch (error) {
      if (!this.#closed) this.#failed.say(error);
    }
  }
}
