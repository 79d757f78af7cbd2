import { Worker as BullConsumer, Job, type JobJson } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Assignment } from '@remuda/domain';
import type { RedisKeys } from '@remuda/protocol';

/** Longest wait for an assignment before the queue is looked at all the same, in seconds. */
const waitSeconds = 5;
/** Nobody but its worker takes from this queue, and no assignment lasts longer than a day: so its lock needs no renewal. */
const lockMs = 25 * 3_600_000;

/** So long a ticket that was carried out may wait for the next one, with which it is finished in one step, in ms. */
const finishMs = 50;

/**
 * A worker's own queue of assignments, taken one at a time. BullMQ's own loop asks for the next job twice after each one;
 * here there can't be one before the worker has said that it's idle, so this waits for the sign at once.
 */
export class AssignmentQueue {
  readonly #consumer: BullConsumer<Assignment>;
  #stopped = false;
  #current: Promise<void> = Promise.resolve();
  /** Carried out, and not yet finished. */
  #done: Job<Assignment> | undefined;
  #timer: NodeJS.Timeout | undefined;

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
    await this.#finish();
  }

  async close(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#consumer.close(true);
  }

  async #next(carryOut: (assignment: Assignment) => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    const job = await this.#take();
    if (!job) return;
    // BullMQ leaves the sign up for other consumers; here there are none, and it would wake us for nothing.
    void this.redis.del(this.#consumer.toKey('marker')).catch(() => 0);
    this.#current = carryOut(job.data);
    await this.#current;
    this.#done = job;
    this.#timer = setTimeout(() => void this.#finish(), finishMs);
  }

  /** The next ticket; the one before is finished in the same step, where it is not yet. */
  async #take(): Promise<Job<Assignment> | undefined> {
    const done = this.#takeDone();
    // Its type leaves out that there may be none.
    if (!done) return (await this.#consumer.getNextJob(this.worker, { block: false })) as Job<Assignment> | undefined;
    const [data, id] = ((await done.moveToCompleted(null, this.worker, true)) ?? []) as [JobJson?, string?];
    return data ? Job.fromJSON(this.#consumer, data, id) : undefined;
  }

  async #finish(): Promise<void> {
    await this.#takeDone()
      ?.moveToCompleted(null, this.worker, false)
      .catch(() => undefined);
  }

  #takeDone(): Job<Assignment> | undefined {
    clearTimeout(this.#timer);
    const done = this.#done;
    this.#done = undefined;
    return done;
  }
}
