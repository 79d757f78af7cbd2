import type { Principal } from '../identity/principal.js';

/** Short-lived replacements of tokens, for clients that cannot set headers. Rejects with `redis.unavailable`. */
export interface Tickets {
  /** Keeps whom a ticket stands for, under the ticket's hash, for `keepMs`. */
  issue(hash: string, principal: Principal, keepMs: number): Promise<void>;
  /** Whom a ticket stands for: once. Undefined if it is unknown, used or over. */
  redeem(hash: string): Promise<Principal | undefined>;
}
