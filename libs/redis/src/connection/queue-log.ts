import type { Redis } from 'ioredis';
import { isOutage } from './redis-error.js';

/** Log for ignored errors: a part of every app's log. */
export interface QueueLog {
  /** Unexpected errors; the message says what was done about them. */
  warn(fields: object, message: string): void;
  /** Errors that are normal in an outage. */
  debug(fields: object, message: string): void;
}

/** The log of a connection, and of everything created from it. */
const logs = new WeakMap<Redis, QueueLog>();

/** Sets the log for ignored errors of a connection's users. */
export function logTo(redis: Redis, log: QueueLog | undefined): void {
  if (log) logs.set(redis, log);
}

/** The log of a connection. */
export function logOf(redis: Redis): QueueLog | undefined {
  return logs.get(redis);
}

/**
 * Logs errors that are ignored or retried: an outage at `debug`, everything else at `warn`. A repeated error is logged
 * once, until another one occurs or a success in between.
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

/** For a promise's `catch`: logs the error, and ignores it. */
export function passOver(redis: Redis, message: string, fields: object = {}): (error: unknown) => undefined {
  return (error) => {
    new PassedOver(redis, message, fields).say(error);
  };
}
