/** Limits of tolerated failures. */
export interface PaceLimits {
  /** Consecutive failures from one address. */
  readonly burst: number;
  /** One more is tolerated after each period of this length, in ms. */
  readonly everyMs: number;
  /** Maximum of remembered addresses; beyond it the least recent one is forgotten. */
  readonly addresses: number;
}

/** A pod that waits for room asks every few seconds; guessing is slowed down to one try in 5 s. */
export const paceLimits: PaceLimits = { burst: 10, everyMs: 5_000, addresses: 1_000 };

/** Slows down addresses that fail repeatedly. An address that succeeds is never delayed. */
export class FailurePace {
  /** By address: when all of its failures are forgotten, by the monotonic clock in ms. */
  readonly #clearAt = new Map<string, number>();

  constructor(private readonly limits: PaceLimits = paceLimits) {}

  /** How long an address is refused, in ms; 0 if it is not. */
  heldMs(address: string, now: number): number {
    const { burst, everyMs } = this.limits;
    return Math.max(0, (this.#clearAt.get(address) ?? now) - now - (burst - 1) * everyMs);
  }

  noteFailure(address: string, now: number): void {
    const clearAt = Math.max(now, this.#clearAt.get(address) ?? now) + this.limits.everyMs;
    this.#clearAt.delete(address);
    this.#clearAt.set(address, clearAt);
    const [oldest] = this.#clearAt.keys();
    if (this.#clearAt.size > this.limits.addresses && oldest !== undefined) this.#clearAt.delete(oldest);
  }
}
