import { randomUUID } from 'node:crypto';
import type { Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { Budgets, Charge, Reservation } from '../../budgets.port.js';

/** Result of reserving a part of a job's budget: room next to the requests in flight, or a spent budget. */
export type Admission = Admitted | 'spent';

/** Room for a request. */
export interface Admitted {
  /** Whether it waited for others. */
  readonly waited: boolean;
  /** The maximum cost of the request. */
  readonly microUsd: number;
  /** To be called when the request's cost is recorded. Never rejects. */
  readonly end: () => Promise<void>;
}

/** Interval of renewing a reservation, in ms: well before it expires. */
export const renewEveryMs = 10_000;
/**
 * How long a request waits for one of another bridge before it asks again, in ms; requests of this bridge notify it.
 */
export const askAgainMs = 500;

interface JobReservations {
  /** Requests that are waiting, including the one whose turn it is. */
  asking: number;
  /** Settles when the previous one was admitted or refused. */
  turn: Promise<unknown>;
  /** Called when a request in flight has ended. */
  changed: () => void;
}

/**
 * Keeps the cost of a job's concurrent requests within its budget: each one reserves its maximum cost, and waits for
 * others to end while that does not fit, in order of arrival.
 */
export class BudgetReservations {
  readonly #reservations = new Map<string, JobReservations>();
  readonly #held = new Map<string, Reservation>();

  constructor(
    private readonly budgets: Budgets,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Rejects with `redis.unavailable`. */
  async admit(charge: Charge): Promise<Admission> {
    const held = this.#of(charge.job);
    held.asking++;
    const decided = held.turn.then(() => this.#decide(held, charge));
    held.turn = decided.catch(() => undefined);
    try {
      return await decided;
    } finally {
      if (--held.asking === 0) this.#reservations.delete(charge.job);
    }
  }

  /** Renews the reservations until the signal aborts. */
  async keepRenewed(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.clock.sleep(renewEveryMs, signal).catch(() => undefined);
      await Promise.all([...this.#held.values()].map((held) => this.#renew(held)));
    }
  }

  async #decide(held: JobReservations, charge: Charge): Promise<Admission> {
    const id = randomUUID();
    for (let waited = false; ; waited = true) {
      const changed = new Promise<void>((resolve) => (held.changed = resolve));
      const room = await this.#reserve(charge, id);
      if (room === 'spent') return room;
      if (room !== 'full') return { waited, microUsd: room.microUsd, end: () => this.#end(room) };
      await this.#either(changed);
    }
  }

  /** A reservation may exist even if its answer was lost. */
  async #reserve(charge: Charge, id: string): Promise<Reservation | 'full' | 'spent'> {
    try {
      const room = await this.budgets.reserve(charge, id);
      if (typeof room === 'object') this.#held.set(id, room);
      return room;
    } catch (error) {
      void this.#release({ job: charge.job, id });
      throw error;
    }
  }

  async #either(changed: Promise<void>): Promise<void> {
    const enough = new AbortController();
    await Promise.race([changed, this.clock.sleep(askAgainMs, enough.signal).catch(() => undefined)]);
    enough.abort();
  }

  async #end({ job, id }: Reservation): Promise<void> {
    if (!this.#held.delete(id)) return;
    await this.#release({ job, id });
    this.#reservations.get(job)?.changed();
  }

  async #renew(held: Reservation): Promise<void> {
    try {
      if (this.#held.has(held.id)) await this.budgets.renew(held);
      // It may have ended while it was renewed.
      if (!this.#held.has(held.id)) await this.#release(held);
    } catch (err) {
      this.log.warn({ err, job: held.job }, 'could not renew the reservations of a budget');
    }
  }

  async #release(reservation: Pick<Reservation, 'job' | 'id'>): Promise<void> {
    try {
      await this.budgets.release(reservation);
    } catch (err) {
      this.log.warn({ err, job: reservation.job }, 'could not release a reservation of a budget');
    }
  }

  #of(job: string): JobReservations {
    const found = this.#reservations.get(job) ?? { asking: 0, turn: Promise.resolve(), changed: () => undefined };
    this.#reservations.set(job, found);
    return found;
  }
}
