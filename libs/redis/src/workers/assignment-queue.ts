import type { Redis } from 'ioredis';
import type { Assignment } from '@remuda/domain';
import { decodeAssignment, type IncompatibleAssignment, type WorkerDuties } from '@remuda/protocol';
import type { RedisKeys } from '../keys.js';
import { PassedOver, passOver } from '../connection/queue-log.js';

/** Maximum wait for an assignment before the queue is checked anyway, in seconds. */
const waitSeconds = 5;
/** A waiting connection that receives nothing for this long is dead, in ms. */
const deadMs = 10_000;
/** How long a completed ticket may wait to be ended together with the next one, in ms. */
const endMs = 50;
/** Delay before a failed step is retried. */
const retryMs = 200;

interface Taken {
  readonly ticket: string;
  readonly assignment: Assignment | IncompatibleAssignment;
}

/** What is done with what is taken. */
export type AssignmentDuties = Pick<WorkerDuties, 'carryOut' | 'refuse'>;

/**
 * A worker's own queue of assignments, one at a time. It is stored like a queue of BullMQ, and shown as one on the
 * board; this is its only consumer. So a ticket is taken from the moment it is put there: the assigning step writes
 * what BullMQ's own `moveToActive` would, and the worker, whose account cannot write here, reads it and removes it when
 * it is done.
 */
export class AssignmentQueue {
  /** Blocks until there is a sign that something waits. */
  readonly #waiter: Redis;
  #stopped = false;
  #current: Promise<void> = Promise.resolve();
  /** The completed ticket that is not ended yet. */
  #done = '';
  #timer: NodeJS.Timeout | undefined;
  readonly #failed: PassedOver;

  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
    private readonly worker: string,
  ) {
    this.#failed = new PassedOver(redis, 'looking for assignments failed and will be tried again');
    this.#waiter = redis.duplicate({ socketTimeout: deadMs });
  }

  /** Takes assignments until it is stopped. Never rejects: failed steps are retried when Redis is back. */
  async run(duties: AssignmentDuties): Promise<void> {
    // After a failed step the sign may be gone, and its ticket may have been taken.
    let failed = false;
    const goesOn = (): boolean => !this.#stopped;
    while (goesOn()) {
      try {
        const taken = failed ? await this.#step(this.redis, true) : await this.#next();
        failed = false;
        this.#failed.wentWell();
        if (taken) await this.#carryOut(taken, duties);
      } catch (error) {
        if (goesOn()) this.#failed.say(error);
        failed = true;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Takes nothing more; resolves when the current one is finished. */
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

  async #carryOut({ ticket, assignment }: Taken, duties: AssignmentDuties): Promise<void> {
    if (this.#stopped) return;
    this.#current = 'incompatible' in assignment ? duties.refuse(assignment) : duties.carryOut(assignment);
    await this.#current;
    this.#done = ticket;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#end(), endMs);
  }

  /** The next ticket, or none after `waitSeconds`. The query is pipelined right after the wait for the sign. */
  async #next(): Promise<Taken | undefined> {
    const sign = this.#waiter.bzpopmin(this.#at('marker'), waitSeconds);
    const [taken] = await Promise.all([this.#step(this.#waiter, true), sign]);
    return taken;
  }

  async #end(): Promise<void> {
    // It is ended with the next one, or removed with the worker.
    await this.#step(this.redis, false).catch(
      passOver(this.redis, 'completing a ticket failed and will be tried again'),
    );
  }

  /** Ends the completed ticket, if there is one, and queries the next one, if requested. */
  async #step(redis: Redis, take: boolean): Promise<Taken | undefined> {
    const done = this.#done;
    const ended = done === '' ? undefined : this.#remove(redis, done);
    const [ticket] = await Promise.all([take ? redis.lindex(this.#at('active'), -1) : null, ended]);
    if (this.#done === done) this.#done = '';
    if (ticket === null) return undefined;
    const assignment = decodeAssignment((await redis.hget(this.#at(ticket), 'data')) ?? '');
    if (assignment) return { ticket, assignment };
    // It was removed or is invalid, and would be returned again and again: skip it.
    await this.#remove(redis, ticket);
    return this.#step(redis, take);
  }

  async #remove(redis: Redis, ticket: string): Promise<void> {
    const lock = this.#at(`${ticket}:lock`);
    await Promise.all([redis.lrem(this.#at('active'), -1, ticket), redis.del(this.#at(ticket), lock)]);
  }

  #at(name: string): string {
    return this.keys.ticket(this.worker, name);
  }
}
