import type { Redis } from 'ioredis';
import type { Assignment } from '@remuda/domain';
import type { RedisKeys } from '@remuda/protocol';
import { run } from './script.js';
import { takeScript } from './take.lua.js';

/** Longest wait for an assignment before the queue is looked at all the same, in seconds. */
const waitSeconds = 5;
/** A connection that waits and hears nothing for so long is a dead one, in ms. */
const deadMs = 10_000;
/** Nobody but its worker takes from this queue, and no assignment lasts longer than a day: so its lock needs no renewal. */
const lockMs = 25 * 3_600_000;
/** So long a ticket that was carried out may wait for the next one, with which it is ended in one step, in ms. */
const endMs = 50;
/** Pause before something is tried again that Redis could not do. */
const retryMs = 200;

interface Taken {
  readonly ticket: string;
  readonly assignment: Assignment;
}

/**
 * A worker's own queue of assignments, taken one at a time. It lies in Redis as a queue of BullMQ does, and is seen as one on the board;
 * its only consumer is this. BullMQ's asks for the next job twice after each one, by steps that know of much that there is none of here.
 */
export class AssignmentQueue {
  /** Blocks until there is a sign that something waits. */
  readonly #waiter: Redis;
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
    this.#waiter = redis.duplicate({ socketTimeout: deadMs });
  }

  /** Takes assignments until it's stopped. Never rejects: what fails is tried again when Redis is back. */
  async run(carryOut: (assignment: Assignment) => Promise<void>): Promise<void> {
    // Where a step failed the sign may be gone, and its ticket may have been taken.
    let failed = false;
    while (!this.#stopped) {
      try {
        const taken = failed ? await this.#step(this.redis, true) : await this.#next();
        failed = false;
        if (taken) await this.#carryOut(taken, carryOut);
      } catch {
        failed = true;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Takes nothing more; resolves when what was taken is carried out. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiter.disconnect();
    await this.#current;
    await this.#end();
  }

  close(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#waiter.disconnect();
  }

  async #carryOut({ ticket, assignment }: Taken, carryOut: (assignment: Assignment) => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    this.#current = carryOut(assignment);
    await this.#current;
    this.#done = ticket;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#end(), endMs);
  }

  /** The next ticket, or none after `waitSeconds`. The step that takes it waits at Redis, right behind the wait for the sign. */
  async #next(): Promise<Taken | undefined> {
    const sign = this.#waiter.bzpopmin(this.keys.ticket(this.worker, 'marker'), waitSeconds);
    const [taken] = await Promise.all([this.#step(this.#waiter, true), sign]);
    return taken;
  }

  async #end(): Promise<void> {
    await this.#step(this.redis, false).catch(() => undefined);
  }

  /** Ends the ticket that was carried out, if there is one, and takes the next one, if that is wanted. */
  async #step(redis: Redis, take: boolean): Promise<Taken | undefined> {
    const { keys, worker } = this;
    const done = this.#done;
    if (!done && !take) return undefined;
    const at = ['wait', 'active', ''].map((name) => keys.ticket(worker, name));
    const taken = (await run(redis, takeScript, at, [done, take ? 1 : 0, worker, lockMs])) as
      readonly [ticket: string, data: string] | null;
    if (this.#done === done) this.#done = '';
    return taken ? { ticket: taken[0], assignment: JSON.parse(taken[1]) as Assignment } : undefined;
  }
}
