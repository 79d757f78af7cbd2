/** An entry as Redis returns it: its id, then fields and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

/** A consumer gets entries of about this size at once, in characters. */
const handBytes = 512 * 1024;
/** Of one stream, about so much waits for its consumer, in characters. */
const maxHeldBytes = 1024 * 1024;
/** One read should return about so much of all its streams together, in characters. */
const readBytes = 4 * 1024 * 1024;
const maxEntriesPerRead = 500;

/** Size of an entry, in characters. */
export function sizeOf([, fields]: StreamEntry): number {
  return fields.reduce((sum, { length }) => sum + length, 50);
}

/**
 * Entries of each stream to ask for in one read of `streams` of them: the number is per stream, so that replies would
 * grow with the number of streams. Pure.
 */
export function entriesWorth(entryBytes: number, streams: number): number {
  return Math.max(1, Math.min(maxEntriesPerRead, Math.floor(readBytes / (Math.max(1, entryBytes) * streams))));
}

/** What was read of a stream and waits for its consumer. */
export class Backlog {
  #entries: StreamEntry[] = [];
  #bytes = 0;

  /** Whether no more should be read for now. */
  get isFull(): boolean {
    return this.#bytes >= maxHeldBytes;
  }

  /** Returns their size. */
  add(entries: readonly StreamEntry[]): number {
    const bytes = sizeOfAll(entries);
    for (const entry of entries) this.#entries.push(entry);
    this.#bytes += bytes;
    return bytes;
  }

  /** The next entries for the consumer: as many as are worth one step, at least one if there is any. */
  take(): readonly StreamEntry[] {
    let bytes = 0;
    const end = this.#entries.findIndex((entry) => (bytes += sizeOf(entry)) > handBytes);
    return this.#entries.splice(0, end < 0 ? this.#entries.length : Math.max(1, end));
  }

  /** The consumer is done with entries that it took: they count until then. Returns whether that ended its being full. */
  taken(entries: readonly StreamEntry[]): boolean {
    const wasFull = this.isFull;
    this.#bytes -= sizeOfAll(entries);
    return wasFull && this.#bytes < maxHeldBytes;
  }
}

const sizeOfAll = (entries: readonly StreamEntry[]): number => entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
