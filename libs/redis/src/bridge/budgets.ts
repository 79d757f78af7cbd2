import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { renewScript, reserveScript } from './budgets.lua.js';

import { translateRedisError } from '../connection/redis-error.js';
import type { RedisKeys } from '../keys.js';

/** A reservation expires after this time, in ms, unless it is renewed. */
export const reservationMs = 30_000;
/** Reservations of a job are deleted this long after the last one, in ms. */
const keyMs = 86_400_000;
const lifetimes = { endsAfterMs: reservationMs, keyEndsAfterMs: keyMs };

/** What a request may cost, and the budget that it must fit. In whole micro-dollars. */
export interface Charge {
  readonly job: string;
  readonly budgetMicroUsd: number;
  /** The maximum cost of the request. */
  readonly mostMicroUsd: number;
  /** The minimum with which it can begin. */
  readonly leastMicroUsd: number;
}

/** The part of a job's budget that one request has reserved. */
export interface Reservation {
  readonly job: string;
  readonly id: string;
  readonly microUsd: number;
}

/** Reservations of jobs' budgets, shared by all bridges of one Redis. */
export class RedisBudgets {
  private readonly asked: Redis;
  private readonly written: Redis;

  /** `asked` fails during an outage of Redis, `written` waits for it. */
  constructor(
    asked: RedisConnection,
    written: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.asked = clientOf(asked);
    this.written = clientOf(written);
  }

  /**
   * Reserves the maximum cost of the request under a new `id`, or the rest of the budget if no other request is in
   * flight. `full`: other requests hold the rest. `spent`: nothing is left, or too little to begin. Rejects with
   * `redis.unavailable`; then nothing stays reserved for long.
   */
  async reserve(charge: Charge, id: string): Promise<Reservation | 'full' | 'spent'> {
    const { job, budgetMicroUsd, mostMicroUsd, leastMicroUsd } = charge;
    try {
      const [kind, microUsd] = (await reserveScript.run(this.asked, {
        keys: { model: this.keys.model(job), reservations: this.keys.reservations(job) },
        args: { reservation: id, budget: budgetMicroUsd, most: mostMicroUsd, least: leastMicroUsd, ...lifetimes },
      })) as ['reserved' | 'full' | 'spent', number?];
      return kind === 'reserved' ? { job, id, microUsd: Number(microUsd) } : kind;
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  /** Renews a reservation for another `reservationMs`. Rejects with `redis.unavailable`. */
  async renew({ job, id, microUsd }: Reservation): Promise<void> {
    try {
      const keys = { reservations: this.keys.reservations(job) };
      await renewScript.run(this.asked, { keys, args: { reservation: id, microUsd, ...lifetimes } });
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  /** Releases a reservation. Safe to call twice; waits during an outage of Redis. */
  async release({ job, id }: Pick<Reservation, 'job' | 'id'>): Promise<void> {
    try {
      await this.written.hdel(this.keys.reservations(job), id);
    } catch (error) {
      throw translateRedisError(error);
    }
  }
}
