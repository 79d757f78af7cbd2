/** What a request finds when it asks a job's purse: room beside those that are under way, or a budget that is spent. */
export type Admission = { readonly kind: 'admitted'; readonly waited: boolean; readonly end: () => void } | 'spent';

/** What a request may cost, and what it may spend from. All in micro-dollars. */
export interface Charge {
  readonly job: string;
  readonly budget: number;
  /** The most that the request may cost, as far as it can be told. */
  readonly most: number;
  /** What the job has spent so far. */
  readonly spent: () => Promise<number>;
}

interface Purse {
  /** The most that the requests under way may still cost. */
  reserved: number;
  underWay: number;
  /** Those that wait for their turn, the one whose turn it is included. */
  asking: number;
  /** Settles when the one before was admitted or refused. */
  turn: Promise<unknown>;
  /** Called when a request under way has ended. */
  changed: () => void;
}

/**
 * Keeps what requests of one job at the same time cost within its budget: each one reserves the most that it may cost, and waits
 * for others to end while that does not fit beside theirs. One alone is always admitted until the budget is spent: so a small
 * budget is overspent by one request at most, and requests near the end of a large one go one after the other.
 */
export class Purses {
  readonly #purses = new Map<string, Purse>();

  /** Whoever is admitted calls `end` once, when what the request cost was written down. */
  async admit(charge: Charge): Promise<Admission> {
    const purse = this.#of(charge.job);
    purse.asking++;
    const decided = purse.turn.then(() => this.#decide(purse, charge));
    purse.turn = decided.catch(() => undefined);
    try {
      return await decided;
    } finally {
      purse.asking--;
      this.#tidy(charge.job, purse);
    }
  }

  async #decide(purse: Purse, { job, budget, most, spent }: Charge): Promise<Admission> {
    for (let waited = false; ; waited = true) {
      const changed = new Promise<void>((resolve) => (purse.changed = resolve));
      const so = await spent();
      if (so >= budget) return 'spent';
      if (purse.underWay === 0 || so + purse.reserved + most <= budget) {
        purse.underWay++;
        purse.reserved += most;
        return { kind: 'admitted', waited, end: () => this.#end(job, purse, most) };
      }
      await changed;
    }
  }

  #end(job: string, purse: Purse, most: number): void {
    purse.underWay--;
    purse.reserved -= most;
    purse.changed();
    this.#tidy(job, purse);
  }

  #of(job: string): Purse {
    const found = this.#purses.get(job) ?? {
      ...{ reserved: 0, underWay: 0, asking: 0, turn: Promise.resolve(), changed: () => undefined },
    };
    this.#purses.set(job, found);
    return found;
  }

  #tidy(job: string, { underWay, asking }: Purse): void {
    if (underWay + asking === 0) this.#purses.delete(job);
  }
}
