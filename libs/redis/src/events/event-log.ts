import type { Redis } from 'ioredis';
import { eventsOf, gapBefore } from '@remuda/domain';
import type { Clock, AbortSignalLike, EventLog, EventPage, JobEvent, JobRef } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { translateRedisError } from '../connection/redis-error.js';
import { isTenants } from '../jobs/job-list.js';
import { readEventEntry } from './event-entry.js';
import { Pace } from './pace.js';
import { sizeOf, type StreamEntry } from './backlog.js';
import { Follower, SharedEntry } from './follower.js';
import { StreamTails } from './stream-tails.js';

/** Half of what the relay waits: what comes here has waited there. */
const readPace = { calmPerSecond: 500, busyPerSecond: 2_500, maxMs: 25 };

/** The jobs' event streams in Redis. A few connections follow them all, however many followers there are. */
export class RedisEventLog implements EventLog {
  readonly #redis: Redis;
  readonly #tail: StreamTails;
  readonly #pace = new Pace(readPace);
  readonly #followers = new Map<string, Set<Follower>>();

  /** `connect` opens a connection that waits while Redis is away: it's called again for each that blocks. */
  constructor(
    connect: () => RedisConnection,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
  ) {
    const open = (): Redis => clientOf(connect());
    this.#redis = open();
    this.#tail = new StreamTails(open, { waker: this.#redis, paceMs: (entries) => this.#paceMs(entries) });
  }

  async page(job: JobRef, after: number, limit: number): Promise<EventPage> {
    try {
      if (!(await isTenants(this.#redis, this.keys, job))) return { events: [], complete: true };
      return await this.#page(job.id, after, limit);
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  async *follow(ref: JobRef, after: number, signal: AbortSignalLike): AsyncGenerator<readonly JobEvent[]> {
    if (!(await isTenants(this.#redis, this.keys, ref))) return;
    const job = ref.id;
    const follower = this.#join(job, after);
    try {
      while (!signal.aborted) {
        const held = follower.take();
        if (!held && !follower.behind) {
          await follower.news(signal);
          continue;
        }
        // What is offered during the read may set it again.
        follower.behind = false;
        const page = held
          ? { events: held, complete: await this.#isEnd(job, held.at(-1)) }
          : await this.#page(job, follower.after, follower.page, follower);
        const last = page.events.at(-1);
        if (!held && last !== undefined) follower.behind = true;
        follower.after = last?.id ?? follower.after;
        if (last) yield page.events;
        if (page.complete) return;
      }
    } finally {
      this.#leave(job, follower);
    }
  }

  async close(): Promise<void> {
    await this.#tail.close();
    this.#redis.disconnect();
  }

  #paceMs(entries: number): number {
    const now = this.clock.monotonic();
    this.#pace.count(entries, now);
    return this.#pace.ms(now);
  }

  async #page(job: string, after: number, limit: number, reader?: Follower): Promise<EventPage> {
    const entries = (await this.#redis.xrange(
      this.keys.events(job),
      `(${String(after)}-0`,
      '+',
      'COUNT',
      limit,
    )) as StreamEntry[];
    reader?.measure(
      entries.length,
      entries.reduce((sum, entry) => sum + sizeOf(entry), 0),
    );
    const [first, ...rest] = entries.map(readEventEntry);
    if (!first) return { events: [], complete: await this.#hasEnded(job, after) };
    const events = [
      ...gapBefore(first.first, after, this.clock.now()),
      ...[first, ...rest].flatMap((entry) => eventsOf(entry, after)),
    ];
    return { events, complete: await this.#isEnd(job, events.at(-1)) };
  }

  /** Whether an event is the end of its stream: a job's end after which it was not redriven. */
  async #isEnd(job: string, last: JobEvent | undefined): Promise<boolean> {
    return last?.type === 'job.over' && (await this.#hasEnded(job, last.id));
  }

  /** Whether the stream's last event is its job's end, and no event comes after `after`. */
  async #hasEnded(job: string, after: number): Promise<boolean> {
    const [entry] = (await this.#redis.xrevrange(this.keys.events(job), '+', '-', 'COUNT', 1)) as StreamEntry[];
    if (!entry) return true;
    const last = readEventEntry(entry);
    return last.last <= after && eventsOf(last, last.last - 1)[0]?.type === 'job.over';
  }

  #join(job: string, after: number): Follower {
    const follower = new Follower(after);
    const others = this.#followers.get(job);
    if (others) others.add(follower);
    else {
      const all = new Set([follower]);
      this.#followers.set(job, all);
      // Waking early costs one read; waking late would lose time: so from the reader's own place on.
      this.#tail.add(this.keys.events(job), `${String(after)}-0`, (entries) => {
        const shared = entries.map((entry) => new SharedEntry(entry));
        for (const each of all) each.offer(shared);
      });
    }
    return follower;
  }

  #leave(job: string, follower: Follower): void {
    const all = this.#followers.get(job);
    all?.delete(follower);
    if (all?.size !== 0) return;
    this.#followers.delete(job);
    void this.#tail.remove(this.keys.events(job));
  }
}
