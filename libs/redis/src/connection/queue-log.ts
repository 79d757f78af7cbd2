import type { Redis } from 'ioredis';
import { isOutage } from './redis-error.js';

/** Where it is said what went wrong and was passed over: a part of every app's log. */
export interface QueueLog {
  /** Something that nobody expects; what was done about it is in the message. */
  warn(fields: object, message: string): void;
  /** Something that an outage brings with it. */
  debug(fields: object, message: string): void;
}

/** The log that goes with a connection, and with all that are made of it. */
const logs = new WeakMap<Redis, QueueLog>();

/** Has what uses a connection say in this log what it passes over. */
export function logTo(redis: Redis, log: QueueLog | undefined): void {
  if (log) logs.set(redis, log);
}

/** The log of a connection. */
export function logOf(redis: Redis): QueueLog | undefined {
  return logs.get(redis);
}

/**
 * Says of errors that are passed over, or tried again, what they were: an outage at `debug`, all else at `warn`. What comes again and again
 * is said once, until something else comes or it went well in between.
 */
export class PassedOver {
  #last = '';

  constructor(
    private readonly redis: Redis,
    private readonly message: string,
    private readonly fields: object = {},
  ) {}

  say(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (text === this.#last) return;
    this.#last = text;
    const level = isOutage(error) ? 'debug' : 'warn';
    logOf(this.redis)?.[level]({ err: error, ...this.fields }, this.message);
  }

  wentWell(): void {
    this.#last = '';
  }
}

/** For a promise's `catch`: the error is said, and passed over. */
export function passOver(redis: Redis, message: string, fields: object = {}): (error: unknown) => undefined {
  return (error) => {
    new PassedOver(redis, message, fields).say(error);
  };
}
