/** Limits of a fair queue. */
export interface QueueLimits {
  /** Runs at a time, of all clients. */
  readonly running: number;
  /** Runs that wait, of all clients. */
  readonly waiting: number;
}

/** The limits of one client. */
export interface ShareLimits {
  readonly running: number;
  readonly waiting: number;
}

/**
 * Who is next: the clients take turns, one run each, and those of one client come in order, so that nobody waits for
 * another's backlog. Holds no clock and starts nothing.
 */
export class FairQueue<T> {
  /** In the order of turns: whoever was served goes to the end. */
  readonly #waiting = new Map<string, { readonly limits: ShareLimits; readonly items: T[] }>();
  readonly #running = new Map<string, number>();

  constructor(private readonly limits: QueueLimits) {}

  get running(): number {
    return [...this.#running.values()].reduce((sum, count) => sum + count, 0);
  }

  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { items }) => sum + items.length, 0);
  }

  /** Adds a run to its client's line; false if that, or all of them together, are full. */
  add(client: string, item: T, limits: ShareLimits): boolean {
    const line = this.#waiting.get(client)?.items ?? [];
    const free = this.running < this.limits.running && (this.#running.get(client) ?? 0) < limits.running;
    const full = line.length >= limits.waiting || this.waiting >= this.limits.waiting;
    if (full && !(free && line.length === 0)) return false;
    this.#waiting.set(client, { limits, items: [...line, item] });
    return true;
  }

  /** Takes the run whose turn it is, which then counts as running; undefined if none may begin now. */
  next(): T | undefined {
    if (this.running >= this.limits.running) return undefined;
    for (const [client, { limits, items }] of this.#waiting) {
      const count = this.#running.get(client) ?? 0;
      if (count >= limits.running) continue;
      const [item, ...rest] = items;
      this.#waiting.delete(client);
      if (rest.length > 0) this.#waiting.set(client, { limits, items: rest });
      this.#running.set(client, count + 1);
      return item;
    }
    return undefined;
  }

  /** A run of a client has ended. */
  ended(client: string): void {
    const left = (this.#running.get(client) ?? 0) - 1;
    if (left > 0) this.#running.set(client, left);
    else this.#running.delete(client);
  }

  /** Removes a run that waits; false if it does not. */
  remove(client: string, item: T): boolean {
    const line = this.#waiting.get(client);
    const rest = line?.items.filter((each) => each !== item) ?? [];
    if (!line || rest.length === line.items.length) return false;
    if (rest.length === 0) this.#waiting.delete(client);
    else this.#waiting.set(client, { ...line, items: rest });
    return true;
  }
}
