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

/** Reservations of jobs' budgets, shared by several bridges. A reservation expires unless it is renewed. */
export interface Budgets {
  /**
   * Reserves the maximum cost of the request under a new `id`, or the rest of the budget if no other request is in
   * flight. `full`: other requests hold the rest. `spent`: nothing is left, or too little to begin. Rejects with
   * `redis.unavailable`.
   */
  reserve(charge: Charge, id: string): Promise<Reservation | 'full' | 'spent'>;
  /** Renews a reservation. Rejects with `redis.unavailable`. */
  renew(reservation: Reservation): Promise<void>;
  /** Releases a reservation. Safe to call twice. */
  release(reservation: Pick<Reservation, 'job' | 'id'>): Promise<void>;
}
