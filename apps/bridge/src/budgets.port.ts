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

/** Reservations of jobs' budgets, which several bridges share. One that nobody renews ends by itself. */
export interface Budgets {
  /**
   * Reserves what the request may cost at most, or all that is left where no other is under way, under a new `id`. `full`: others
   * are. `spent`: nothing is left, or too little to begin with. Rejects with `redis.unavailable`.
   */
  reserve(charge: Charge, id: string): Promise<Reservation | 'full' | 'spent'>;
  /** Keeps a reservation for longer. Rejects with `redis.unavailable`. */
  renew(reservation: Reservation): Promise<void>;
  /** Gives a reservation back. Safe to call twice. */
  release(reservation: Pick<Reservation, 'job' | 'id'>): Promise<void>;
}
