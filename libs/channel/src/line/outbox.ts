import { RemudaError, type Channel, type Clock, type NewEvent } from '@remuda/domain';
import type { WorkerReport } from '@remuda/protocol';

/** How long a report is kept before it is tried again, while the other end is away, in ms. */
const retryMs = 200;
/** Events kept for an end that does not read; beyond them the oldest go, and are counted. */
const maxEvents = 100_000;

type Events = Extract<WorkerReport, { kind: 'events' }>;
/** Something that is said: a report, or why a message was refused. */
export type Said = WorkerReport | { readonly kind: 'refused'; readonly id?: string; readonly reason: string };

/** What a worker says over a channel, in its order. Events that come while others are being sent go together. */
export class Outbox {
  readonly #waiting: { said: Said; readonly done: () => void }[] = [];
  readonly #closed = new AbortController();
  #events = 0;
  #sending: Promise<void> | undefined;
  /** Events that were given up, because nobody read. */
  dropped = 0;

  constructor(
    private readonly channel: Channel,
    private readonly clock: Clock,
  ) {}

  /** Resolves when it was sent, or given up. */
  say(said: Said): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ said, done });
      this.#start();
    });
  }

  tell(job: string, lease: number, event: NewEvent): void {
    const last = this.#waiting.at(-1);
    this.#events++;
    if (last?.said.kind === 'events' && last.said.job === job && last.said.lease === lease)
      last.said = { ...last.said, events: [...last.said.events, event] };
    else this.#waiting.push({ said: { kind: 'events', job, lease, events: [event] }, done: () => undefined });
    if (this.#events > maxEvents) this.#dropOldest();
    this.#start();
  }

  /** Resolves when all was sent; what the other end does not take within `limitMs` is given up. */
  async close(limitMs: number): Promise<void> {
    const done = new AbortController();
    const late = this.clock.sleep(limitMs, done.signal).catch(() => undefined);
    await Promise.race([this.#sending, late]);
    done.abort();
    this.#closed.abort();
    for (const { done: givenUp } of this.#waiting.splice(0)) givenUp();
  }

  #dropOldest(): void {
    const index = this.#waiting.findIndex(({ said }) => said.kind === 'events');
    const [oldest] = this.#waiting.splice(index, 1);
    const { length } = (oldest?.said as Events).events;
    this.#events -= length;
    this.dropped += length;
  }

  #start(): void {
    this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    // What is said in one turn goes together.
    await Promise.resolve();
    while (!this.#closed.signal.aborted) {
      const next = this.#waiting.shift();
      if (!next) break;
      if (next.said.kind === 'events') this.#events -= next.said.events.length;
      await this.#send(next.said);
      next.done();
    }
    // In the same turn in which nothing was left: what comes next starts anew.
    this.#sending = undefined;
  }

  async #send(said: Said): Promise<void> {
    while (!this.#closed.signal.aborted) {
      try {
        await this.channel.send(said);
        return;
      } catch (error) {
        // What was begun arrives, or never can: sent again it would come twice.
        if (!(error instanceof RemudaError) || error.code !== 'channel.unavailable') return;
        await this.clock.sleep(retryMs, this.#closed.signal).catch(() => undefined);
      }
    }
  }
}
