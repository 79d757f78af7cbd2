import type { Redis } from 'ioredis';
import type { AbortSignalLike, Clock, SharedClock } from '@remuda/domain';
import { clientOf, type RedisConnection } from './redis-connection.js';
import { passOver } from './queue-log.js';

/** How often the offset to Redis' clock is measured, in ms. */
const measureEveryMs = 5_000;
/** The local wall clock was set, or the machine was suspended, where it moved against the monotonic one by more than this, in ms. */
const driftMs = 500;
/** An answer that took no longer than this, in ms, is close enough; after others Redis is asked again at once. */
const closeMs = 2;
const mostAsks = 5;

/**
 * The time of Redis, of which every part of a cluster has the same: points in time that one part writes and another compares are of
 * this clock, whatever the clocks of their machines show. Between two measurements it goes on by the monotonic clock, so that
 * setting the local clock changes nothing. It may be behind Redis' own by as long as an answer takes, and is never ahead.
 * Before the first measurement it is the local wall clock.
 */
export class RedisClock implements SharedClock {
  /** Redis' time less our monotonic one, in ms. */
  #offsetMs: number | undefined;
  /** The local wall clock less the monotonic one when the offset was last measured, in ms. */
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

  /** Measures the offset. Rejects where Redis does not answer; then what was known holds. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  /** The answer to a program that is busy, as all are at their start, may lie unread for long. */
  async #measure(): Promise<void> {
    for (let asks = 1; (await this.#ask()) > closeMs && asks < mostAsks;) asks++;
  }

  /** Takes over what one answer says; resolves with how long it took, in ms. */
  async #ask(): Promise<number> {
    const askedAt = this.own.monotonic();
    const wallMs = this.own.now() - askedAt;
    const [seconds, micros] = await this.redis.time();
    const at = Number(seconds) * 1_000 + Number(micros) / 1_000;
    const answeredAt = this.own.monotonic();
    const [least, most] = [at - answeredAt, at - askedAt];
    // An offset that this answer allows stays: the one that came faster is the better one.
    if (this.#offsetMs === undefined || this.#offsetMs < least || this.#offsetMs > most) this.#offsetMs = least;
    this.#wallMs = wallMs;
    return answeredAt - askedAt;
  }

  /**
   * Resolves when `now()` can be relied upon: at once, unless the machine was suspended or its clock was set since the last measurement.
   * Never rejects: while Redis is away what was known holds.
   */
  async settled(): Promise<void> {
    // The measurement under way may have begun before.
    for (let tries = 0; tries < 2 && !this.#holds(); tries++) await this.#tryToMeasure();
  }

  /** Measures again and again, from now on; gives what ends it. */
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
