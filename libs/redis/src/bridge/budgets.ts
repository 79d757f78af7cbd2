import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { renewScript, reserveScript } from './budgets.lua.js';

import { translateRedisError } from '../connection/redis-error.js';
import type { RedisKeys } from '../keys.js';

/** A reservation that nobody renews ends after so long, in ms. */
export const reservationMs = 30_000;
/** Reservations of a job are forgotten so long after the last one, in ms. */
const keyMs = 86_400_000;
const lifetimes = { endsAfterMs: reservationMs, keyEndsAfterMs: keyMs };

/** What a request may cost, and the budget that it is to fit in. All in whole micro-dollars. */
export interface Charge {
  readonly job: string;
  readonly budgetMicroUsd: number;
  /** The most that the request may cost. */
  readonly mostMicroUsd: number;
  /** With less than this it can't begin. */
  readonly leastMicroUsd: number;
}

/** A part of a job's budget that one request holds. */
export interface Reservation {
  readonly job: string;
  readonly id: string;
  readonly microUsd: number;
}

/** Reservations of jobs' budgets, the same for all bridges of one Redis. */
export class RedisBudgets {
  private readonly asked: Redis;
  private readonly written: Redis;

  /** `asked` refuses while Redis is away, `written` waits for it. */
  constructor(
    asked: RedisConnection,
    written: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.asked = clientOf(asked);
    this.written = clientOf(written);
  }

  /**
   * Reserves what the request may cost at most, or all that is left where no other is under way, under a new `id`. `full`: others
   * are. `spent`: nothing is left, or too little to begin with. Rejects with `redis.unavailable`; then nothing is held for long.
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

  /** Keeps a reservation for another `reservationMs`. Rejects with `redis.unavailable`. */
  async renew({ job, id, microUsd }: Reservation): Promise<void> {
    try {
      const keys = { reservations: this.keys.reservations(job) };
      await renewScript.run(this.asked, { keys, args: { reservation: id, microUsd, ...lifetimes } });
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  /** Gives a reservation back. Safe to call twice; waits for Redis where it is away. */
  async release({ job, id }: Pick<Reservation, 'job' | 'id'>): Promise<void> {
    try {
      await this.written.hdel(this.keys.reservations(job), id);
    } catch (error) {
      throw translateRedisError(error);
    }
  }
}
