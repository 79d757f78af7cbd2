import type { Redis } from 'ioredis';
import type { AbortSignalLike, Clock, SharedClock } from '@remuda/domain';
import { clientOf, type RedisConnection } from './redis-connection.js';
import { passOver } from './queue-log.js';

/** Interval of measuring the offset to Redis' clock, in ms. */
const measureEveryMs = 5_000;
/**
 * If the wall clock moved against the monotonic one by more than this, in ms, it was set, or the machine was suspended.
 */
const driftMs = 500;
/** An answer within this time, in ms, is accurate enough; after others Redis is asked again at once. */
const closeMs = 2;
const mostAsks = 5;

/**
 * The time of Redis, which all parts of a cluster share: points in time that one part writes and another compares use
 * this clock, whatever the clocks of their machines show. Between two measurements it advances by the monotonic clock,
 * so that setting the local clock has no effect. It may be behind Redis' own by up to a round trip, and is never ahead.
 * Before the first measurement it is the local wall clock.
 */
export class RedisClock implements SharedClock {
  /** Redis' time minus our monotonic one, in ms. */
  #offsetMs: number | undefined;
  /** The local wall clock minus the monotonic one at the last measurement, in ms. */
  #wallMs = 0;
  #measuring: Promise<void> | undefined;
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly own: Clock,
  ) {
    this.redis = clientOf(connection);
  }

  now(): number {
    return this.#offsetMs === undefined ? this.own.now() : Math.floor(this.own.monotonic() + this.#offsetMs);
  }

  monotonic(): number {
    return this.own.monotonic();
  }

  sleep(ms: number, signal?: AbortSignalLike): Promise<void> {
    return this.own.sleep(ms, signal);
  }

  /** Measures the offset. Rejects if Redis does not answer; the previous value then stays. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  /** The answer to a busy process (every process is busy at its start) may stay unread for long. */
  async #measure(): Promise<void> {
    for (let asks = 1; (await this.#ask()) > closeMs && asks < mostAsks;) asks++;
  }

  /** Applies an answer; resolves with its round-trip time, in ms. */
  async #ask(): Promise<number> {
    const askedAt = this.own.monotonic();
    const wallMs = this.own.now() - askedAt;
    const [seconds, micros] = await this.redis.time();
    const at = Number(seconds) * 1_000 + Number(micros) / 1_000;
    const answeredAt = this.own.monotonic();
    const [least, most] = [at - answeredAt, at - askedAt];
    // If this answer is consistent with the current offset, that stays: the faster answer is more accurate.
    if (this.#offsetMs === undefined || this.#offsetMs < least || this.#offsetMs > most) this.#offsetMs = least;
    this.#wallMs = wallMs;
    return answeredAt - askedAt;
  }

  /**
   * Resolves when `now()` is reliable: at once, unless the machine was suspended or its clock was set since the last
   * measurement. Never rejects: during an outage of Redis the previous value stays.
   */
  async settled(): Promise<void> {
    // The current measurement may have begun before that.
    for (let tries = 0; tries < 2 && !this.#holds(); tries++) await this.#tryToMeasure();
  }

  /** Measures periodically from now on; returns a function that stops it. */
  keepMeasured(): () => void {
    const timer = setInterval(() => void this.#tryToMeasure(), measureEveryMs);
    timer.unref();
    void this.#tryToMeasure();
    return () => {
      clearInterval(timer);
    };
  }

  #holds(): boolean {
    const wallMs = this.own.now() - this.own.monotonic();
    return this.#offsetMs !== undefined && Math.abs(wallMs - this.#wallMs) < driftMs;
  }

  #tryToMeasure(): Promise<void> {
    return this.measure().catch(passOver(this.redis, 'asking Redis for its time again'));
  }
}
