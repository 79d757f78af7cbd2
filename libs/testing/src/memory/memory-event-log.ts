import {
  defaultTenant,
  type AbortSignalLike,
  type EventLog,
  type EventPage,
  type JobEvent,
  type JobRef,
  type NewEvent,
} from '@remuda/domain';

/** The jobs' event streams, without Redis: a test writes them. Passes the same contract suite as the real one. */
export class MemoryEventLog implements EventLog {
  readonly #streams = new Map<string, JobEvent[]>();
  /** Whose the jobs are; those that are not here are the default tenant's. */
  readonly tenants = new Map<string, string>();
  readonly #readers = new Set<() => void>();

  /** Writes events at the end of a job's stream. */
  append(job: string, attempt: number, ...events: readonly NewEvent[]): void {
    const stream = this.#of(job);
    for (const event of events) stream.push({ ...event, id: (stream.at(-1)?.id ?? 0) + 1, attempt });
    for (const wake of this.#readers) wake();
  }

  /** The id of a stream's last event; 0 if there is none. */
  last(job: string): number {
    return this.#of(job).at(-1)?.id ?? 0;
  }

  /** Forgets a stream's events up to this id, as a long stream's are. */
  trim(job: string, upTo: number): void {
    this.#streams.set(
      job,
      this.#of(job).filter((event) => event.id > upTo),
    );
  }

  async page({ id, tenant }: JobRef, after: number, limit: number): Promise<EventPage> {
    await Promise.resolve();
    if ((this.tenants.get(id) ?? defaultTenant) !== tenant) return { events: [], complete: true };
    const stream = this.#of(id);
    const events = stream.filter((event) => event.id > after).slice(0, limit);
    const last = stream.at(-1);
    const complete = !last || (last.type === 'job.over' && last.id <= (events.at(-1)?.id ?? after));
    return { events: [...gapBefore(events[0], after), ...events], complete };
  }

  async *follow(job: JobRef, after: number, signal: AbortSignalLike): AsyncGenerator<readonly JobEvent[]> {
    for (let at = after; !signal.aborted;) {
      const news = this.#news(signal);
      const { events, complete } = await this.page(job, at, 100);
      at = events.at(-1)?.id ?? at;
      if (events.length > 0) yield events;
      if (complete) return;
      if (events.length === 0) await news;
    }
  }

  #of(job: string): JobEvent[] {
    const stream = this.#streams.get(job) ?? [];
    this.#streams.set(job, stream);
    return stream;
  }

  /** Resolves when something was written from now on, or when the signal aborts. */
  #news(signal: AbortSignalLike): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#readers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#readers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

function gapBefore(first: JobEvent | undefined, after: number): readonly JobEvent[] {
  const missed = (first?.id ?? 0) - after - 1;
  if (!first || missed <= 0) return [];
  const data = { firstHeld: first.id, missed };
  return [{ type: 'stream.gap', id: first.id - 1, attempt: 0, at: first.at, data }];
}
