import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { passOver } from '../connection/queue-log.js';
import type { RedisKeys } from '../keys.js';

/** How long BullMQ keeps the entries of jobs that are over, for the board; our own records have their own retention. */
export const keepFinished = {
  removeOnComplete: { age: 86_400, count: 5_000 },
  removeOnFail: { age: 7 * 86_400, count: 5_000 },
};

/** BullMQ's other options of every job: we count attempts ourselves. */
export const keepOthers = { attempts: 1, keepLogs: 200, stackTraceLimit: 5 };

/** The data of a BullMQ job: everything else is in the job's record. Labels are there for the board. */
export interface QueuedJob {
  readonly profile: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The queues by name, each opened once, all on one connection. */
export class Queues {
  readonly #open = new Map<string, Queue>();
  readonly #redis: Redis;

  constructor(
    readonly connection: RedisConnection,
    readonly keys: RedisKeys,
  ) {
    this.#redis = clientOf(connection);
  }

  /** The queue of a profile's jobs. */
  jobs(profile: string): Queue<QueuedJob> {
    return this.#queue(this.keys.jobQueue(profile)) as Queue<QueuedJob>;
  }

  /** A worker's own queue of assignments. */
  worker(worker: string): Queue {
    return this.#queue(this.keys.workerQueue(worker));
  }

  /** Releases a queue object; its data stays. */
  async release(name: string): Promise<void> {
    const queue = this.#open.get(name);
    this.#open.delete(name);
    await queue?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.release(name)));
  }

  #queue(name: string): Queue {
    const known = this.#open.get(name);
    if (known) return known;
    const queue = new Queue(name, {
      connection: this.#redis,
      prefix: this.keys.bull,
      skipWaitingForReady: true,
      defaultJobOptions: { ...keepFinished, ...keepOthers },
      streams: { events: { maxLen: 1_000 } },
    });
    queue.on('error', passOver(this.#redis, 'error in a queue', { queue: name }));
    this.#open.set(name, queue);
    // A queue object created during an outage never recovers: the next use creates another.
    queue.waitUntilReady().catch((error: unknown) => {
      passOver(this.#redis, 'opening a queue failed and will be tried again at its next use', { queue: name })(error);
      this.#open.delete(name);
    });
    return queue;
  }
}
