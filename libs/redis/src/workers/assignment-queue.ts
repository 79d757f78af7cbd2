import type { Redis } from 'ioredis';
import type { Assignment } from '@remuda/domain';
import { decodeAssignment, type IncompatibleAssignment, type WorkerDuties } from '@remuda/protocol';
import type { RedisKeys } from '../keys.js';
import { PassedOver, passOver } from '../connection/queue-log.js';

/** Longest wait for an assignment before the queue is looked at all the same, in seconds. */
const waitSeconds = 5;
/** A connection that waits and hears nothing for so long is a dead one, in ms. */
const deadMs = 10_000;
/** So long a ticket that was carried out may wait for the next one, together with which it is ended, in ms. */
const endMs = 50;
/** Pause before something is tried again that Redis could not do. */
const retryMs = 200;

interface Taken {
  readonly ticket: string;
  readonly assignment: Assignment | IncompatibleAssignment;
}

/** What is done with what is taken. */
export type AssignmentDuties = Pick<WorkerDuties, 'carryOut' | 'refuse'>;

/**
 * A worker's own queue of assignments, one at a time. It lies in Redis as a queue of BullMQ does, and is seen as one on the board; its
 * only consumer is this. So a ticket is taken from the moment in which it is put there: the step that assigns it writes down what
 * BullMQ's own `moveToActive` would, and the worker, whose account can't write here, reads it and removes it when it is carried out.
 */
export class AssignmentQueue {
  /** Blocks until there is a sign that something waits. */
  readonly #waiter: Redis;
  #stopped = false;
  #current: Promise<void> = Promise.resolve();
  /** The ticket that was carried out, and is not ended yet. */
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

  /** Takes assignments until it's stopped. Never rejects: what fails is tried again when Redis is back. */
  async run(duties: AssignmentDuties): Promise<void> {
    // Where a step failed the sign may be gone, and its ticket may have been taken.
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

  async #carryOut({ ticket, assignment }: Taken, duties: AssignmentDuties): Promise<void> {
    if (this.#stopped) return;
    this.#current = 'incompatible' in assignment ? duties.refuse(assignment) : duties.carryOut(assignment);
    await this.#current;
    this.#done = ticket;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#end(), endMs);
  }

  /** The next ticket, or none after `waitSeconds`. The look for it waits at Redis, right behind the wait for the sign. */
  async #next(): Promise<Taken | undefined> {
    const sign = this.#waiter.bzpopmin(this.#at('marker'), waitSeconds);
    const [taken] = await Promise.all([this.#step(this.#waiter, true), sign]);
    return taken;
  }

  async #end(): Promise<void> {
    // It is ended with the next one, or goes with the worker.
    await this.#step(this.redis, false).catch(
      passOver(this.redis, 'completing a ticket failed and will be tried again'),
    );
  }

  /** Ends the ticket that was carried out, if there is one, and looks for the next one, if that is wanted. */
  async #step(redis: Redis, take: boolean): Promise<Taken | undefined> {
    const done = this.#done;
    const ended = done === '' ? undefined : this.#remove(redis, done);
    const [ticket] = await Promise.all([take ? redis.lindex(this.#at('active'), -1) : null, ended]);
    if (this.#done === done) this.#done = '';
    if (ticket === null) return undefined;
    const assignment = decodeAssignment((await redis.hget(this.#at(ticket), 'data')) ?? '');
    if (assignment) return { ticket, assignment };
    // Somebody has removed it, or it is none, and would be given again and again: on to the next one.
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
