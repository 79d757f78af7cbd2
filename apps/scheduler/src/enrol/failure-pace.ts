/** How many failures are borne. */
export interface PaceLimits {
  /** So many in a row from one address. */
  readonly burst: number;
  /** And one more whenever so many ms have passed. */
  readonly everyMs: number;
  /** Addresses that are kept in mind; beyond them the one heard of least recently is forgotten. */
  readonly addresses: number;
}

/** A pod that waits for room asks every few seconds; whoever guesses is slowed down to one guess in 5 s. */
export const paceLimits: PaceLimits = { burst: 10, everyMs: 5_000, addresses: 1_000 };

/** Slows down who fails again and again. Whoever succeeds is never held up. */
export class FailurePace {
  /** By address: when all of its failures will be forgotten, by the monotonic clock in ms. */
  readonly #clearAt = new Map<string, number>();

  constructor(private readonly limits: PaceLimits = paceLimits) {}

  /** For how long an address is not listened to, in ms; 0 where it is. */
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
