import type { BridgeGrant } from '@remuda/protocol';

/** What stands behind bridge tokens. */
export interface Grants {
  /**
   * The grant behind a token's SHA-256 (hex); undefined when there is none, or no longer. Rejects with
   * `redis.unavailable`, and soon, while the store does not answer.
   */
  find(tokenHash: string): Promise<BridgeGrant | undefined>;
}
