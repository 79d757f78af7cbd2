import { Worker as BullConsumer } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Assignment } from '@remuda/domain';
import type { RedisKeys } from '@remuda/protocol';
import { run } from './script.js';
import { takeScript } from './take.lua.js';

/** Longest wait for an assignment before the queue is looked at all the same, in seconds. */
const waitSeconds = 5;
/** Nobody but its worker takes from this queue, and no assignment lasts longer than a day: so its lock needs no renewal. */
const lockMs = 25 * 3_600_000;

/** So long a ticket that was carried out may wait for the next one, with which it is ended in one step, in ms. */
const endMs = 50;

/**
 * A worker's own queue of assignments, taken one at a time. BullMQ's consumer waits for the sign that there is one; the step that
 * takes it is our own. BullMQ's loop asks for the next job twice after each one, and here there can't be one before the worker has
 * said that it's idle.
 */
export class AssignmentQueue {
  readonly #consumer: BullConsumer<Assignment>;
  #stopped = false;
  #current: Promise<void> = Promise.resolve();
  /** The ticket that was carried out, and is not ended yet. */
  #done = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
    private readonly worker: string,
  ) {
    this.#consumer = new BullConsumer<Assignment>(keys.workerQueue(worker), null, {
      connection: redis,
      prefix: keys.bull,
      autorun: false,
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
        looked = false;
        await new Promise((resolve) => setTimeout(resolve, 200));
        await backend.reconnectBlocking().catch(() => undefined);
      }
    }
  }

  /** Takes nothing more; resolves when what was taken is carried out. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#current;
    await this.#end();
  }

  async close(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#consumer.close(true);
  }

  async #next(carryOut: (assignment: Assignment) => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    const taken = await this.#step(true);
    if (!taken) return;
    this.#current = carryOut(taken.assignment);
    await this.#current;
    this.#done = taken.ticket;
    this.#timer = setTimeout(() => void this.#end(), endMs);
  }

  async #end(): Promise<void> {
    await this.#step(false).catch(() => undefined);
  }

  /** Ends the ticket that was carried out, if there is one, and takes the next one, if that is wanted. */
  async #step(take: boolean): Promise<{ ticket: string; assignment: Assignment } | undefined> {
    clearTimeout(this.#timer);
    const { keys, worker } = this;
    const done = this.#done;
    if (!done && !take) return undefined;
    const at = ['wait', 'active', ''].map((name) => keys.ticket(worker, name));
    const taken = (await run(this.redis, takeScript, at, [done, take ? 1 : 0, Date.now(), worker, lockMs])) as
      readonly [ticket: string, data: string] | null;
    if (this.#done === done) this.#done = '';
    return taken ? { ticket: taken[0], assignment: JSON.parse(taken[1]) as Assignment } : undefined;
  }
}
