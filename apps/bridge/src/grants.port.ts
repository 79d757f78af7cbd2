import type { BridgeGrant } from '@remuda/protocol';

/** Grants of bridge tokens. */
export interface Grants {
  /**
   * The grant of a token's SHA-256 (hex); undefined if there is none, or no longer. Rejects with `redis.unavailable`,
   * without delay, while the store does not answer.
   */
  find(tokenHash: string): Promise<BridgeGrant | undefined>;
}
