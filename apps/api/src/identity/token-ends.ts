import type { Clock, Principal } from '@remuda/domain';

/** Longest wait of a timer in ms; a token that ends later has its stream ended then, and the client asks again. */
const longestMs = 2 ** 31 - 1;

/** Ends what was opened with a token once that token ends: when it expires, or when its key is revoked. */
export class TokenEnds {
  private readonly open = new Map<string, Set<() => void>>();

  constructor(private readonly clock: Clock) {}

  /** Calls `end` when the principal's token ends, unless the function that it returns was called before. */
  watch({ key, expiresAt }: Principal, end: () => void): () => void {
    const timer = new AbortController();
    if (expiresAt !== undefined)
      void this.clock
        .sleep(Math.min(Math.max(0, expiresAt - this.clock.now()), longestMs), timer.signal)
        .then(end, () => undefined);
    if (key !== undefined) this.endsOf(key).add(end);
    return () => {
      timer.abort();
      if (key !== undefined) this.forget(key, end);
    };
  }

  /** Ends what was opened with an API key. */
  revoked(key: string): void {
    for (const end of this.open.get(key) ?? []) end();
  }

  /** API keys with which something is open. */
  keys(): readonly string[] {
    return [...this.open.keys()];
  }

  private endsOf(key: string): Set<() => void> {
    const ends = this.open.get(key) ?? new Set();
    this.open.set(key, ends);
    return ends;
  }

  private forget(key: string, end: () => void): void {
    const ends = this.open.get(key);
    ends?.delete(end);
    if (ends?.size === 0) this.open.delete(key);
  }
}
