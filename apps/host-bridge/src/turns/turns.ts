import { RemudaError, type Clock } from '@remuda/domain';
import type { Client } from '../clients/client.js';
import { FairQueue, type QueueLimits } from './fair-queue.js';
import { takeOne, type Allowance } from './rate.js';

/** A place in the queue, or a run's turn. */
export interface Turn {
  /** Runs before it when it was added; 0 if it may begin at once. */
  readonly ahead: number;
  /** Resolves when it may begin; never, if it was given back before. */
  readonly begins: Promise<void>;
  /** Gives the turn, or the place, back. Safe to call twice. */
  giveBack(): void;
}

interface Waiting {
  readonly begin: () => void;
}

/** Gives turns to clients: fairly, within each one's rate. */
export class Turns {
  readonly #queue: FairQueue<Waiting>;
  readonly #rates = new Map<string, Allowance>();

  constructor(
    limits: QueueLimits,
    private readonly clock: Clock,
  ) {
    this.#queue = new FairQueue(limits);
  }

  get running(): number {
    return this.#queue.running;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  /** A turn for a client. Throws `host_bridge.busy` beyond its rate, or if the queue is full. */
  take({ name, limits }: Client): Turn {
    const rate = takeOne(this.#rates.get(name), limits.perMinute, this.clock.monotonic());
    if (!rate)
      throw new RemudaError('host_bridge.busy', `More than ${limits.perMinute} runs a minute: try again later.`);
    let begin = (): void => undefined;
    const begins = new Promise<void>((resolve) => {
      begin = resolve;
    });
    let state: 'waiting' | 'running' | 'over' = 'waiting';
    const item: Waiting = {
      begin: () => {
        state = 'running';
        begin();
      },
    };
    const before = this.#queue.waiting;
    if (!this.#queue.add(name, item, limits))
      throw new RemudaError('host_bridge.busy', 'Too many runs wait for their turn: try again later.');
    this.#rates.set(name, rate);
    this.#advance();
    const giveBack = (): void => {
      if (state === 'running') this.#queue.ended(name);
      else if (state === 'waiting') this.#queue.remove(name, item);
      state = 'over';
      this.#advance();
    };
    return { ahead: (state as string) === 'running' ? 0 : before + 1, begins, giveBack };
  }

  #advance(): void {
    for (let next = this.#queue.next(); next; next = this.#queue.next()) next.begin();
  }
}
