import { Worker as BullConsumer, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Assignment } from '@remuda/domain';
import type { RedisKeys } from '@remuda/protocol';

/** Longest wait for an assignment before the queue is looked at all the same, in seconds. */
const waitSeconds = 5;
/** Nobody but its worker takes from this queue, and no assignment lasts longer than a day: so its lock needs no renewal. */
const lockMs = 25 * 3_600_000;

/**
 * A worker's own queue of assignments, taken one at a time. BullMQ's own loop asks for the next job twice after each one;
 * here there can't be one before the worker has said that it's idle, so this waits for the sign at once.
 */
export class AssignmentQueue {
  readonly #consumer: BullConsumer<Assignment>;
  #stopped = false;
  #current: Promise<void> = Promise.resolve();

  constructor(
    private readonly redis: Redis,
    keys: RedisKeys,
    private readonly worker: string,
  ) {
    this.#consumer = new BullConsumer<Assignment>(keys.workerQueue(worker), null, {
      connection: redis,
      prefix: keys.bull,
      autorun: false,
      lockDuration: lockMs,
      skipStalledCheck: true,
      name: worker,
    });
    this.#consumer.on('error', () => undefined);
  }

  /** Takes assignments until it's stopped. Never rejects: what fails is tried again when Redis is back. */
  async run(carryOut: (assignment: Assignment) => Promise<void>): Promise<void> {
    const { backend } = this.#consumer;
    let looked = false;
    while (!this.#stopped) {
      try {
        await this.#consumer.waitUntilReady();
        if (looked) await backend.waitForJob(waitSeconds);
        looked = true;
        await this.#next(carryOut);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
        await backend.reconnectBlocking().catch(() => undefined);
      }
    }
  }

  /** Takes nothing more; resolves when what was taken is carried out. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#current;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#consumer.close(true);
  }

  async #next(carryOut: (assignment: Assignment) => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    // Its type leaves out that there may be none.
    const job = (await this.#consumer.getNextJob(this.worker, { block: false })) as Job<Assignment> | undefined;
    if (!job) return;
    // BullMQ leaves the sign up for other consumers; here there are none, and it would wake us for nothing.
    void this.redis.del(this.#consumer.toKey('marker')).catch(() => 0);
    this.#current = carryOut(job.data);
    await this.#current;
    await job.moveToCompleted(null, this.worker, false);
  }
}
