import { eventsOf } from '@remuda/domain';
import type { AbortSignalLike, JobEvent } from '@remuda/domain';
import { sizeOf, type StreamEntry } from './backlog.js';
import { readEventEntry } from './event-entry.js';

/** A follower that is busy writing is kept so many entries, and so many characters; beyond them it reads the stream again. */
const maxHeld = 64;
const maxHeldBytes = 32 * 1024;
/** What a follower reads at once from the stream, in characters. */
const pageBytes = 32 * 1024;
/** Entries that it reads at first: their size is not known yet. */
const firstPage = 8;
const maxPage = 200;

/** An entry that all followers of a job get: it is parsed once, when the first of them takes it. */
export class SharedEntry {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  #events: readonly JobEvent[] | undefined;

  constructor(private readonly entry: StreamEntry) {
    ({ first: this.first, last: this.last } = readEventEntry(entry));
    this.bytes = sizeOf(entry);
  }

  /** Its events with an id above `after`; the same objects for everybody. */
  eventsAfter(after: number): readonly JobEvent[] {
    this.#events ??= eventsOf(readEventEntry(this.entry), 0);
    return this.first > after ? this.#events : this.#events.filter(({ id }) => id > after);
  }
}

/** One reader's place in a stream, and the few entries that came while it was busy. */
export class Follower {
  #held: SharedEntry[] = [];
  #heldBytes = 0;
  #wake: (() => void) | undefined;
  #page = firstPage;
  /** Whether the stream may hold more than was offered: at first, and after it was too slow. */
  behind = true;

  constructor(public after: number) {}

  /** Number of entries to read next from the stream. */
  get page(): number {
    return this.#page;
  }

  /** So many entries of a page had this size: the next one is to be of about `pageBytes`. */
  measure(entries: number, bytes: number): void {
    if (entries > 0) this.#page = Math.max(1, Math.min(maxPage, Math.floor((pageBytes * entries) / bytes)));
  }

  offer(entries: readonly SharedEntry[]): void {
    for (const entry of entries) {
      this.#held.push(entry);
      this.#heldBytes += entry.bytes;
    }
    // A single one is always kept: it would be read again as it is.
    if (this.#held.length > maxHeld || (this.#heldBytes > maxHeldBytes && this.#held.length > 1)) {
      this.#drop();
      this.behind = true;
    }
    this.#wake?.();
  }

  /** The next events, where what is held joins on to what was read without a hole; else undefined. */
  take(): readonly JobEvent[] | undefined {
    const entries = this.#held.filter((entry) => entry.last > this.after);
    this.#drop();
    if (!entries[0]) return undefined;
    if (entries[0].first > this.after + 1) {
      this.behind = true;
      return undefined;
    }
    return entries.flatMap((entry) => entry.eventsAfter(this.after));
  }

  /** Resolves when there may be more to read, or when the signal aborts. */
  async news(signal: AbortSignalLike): Promise<void> {
    if (this.#held.length > 0 || this.behind || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wake = undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
