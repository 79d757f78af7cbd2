import { RemudaError, type Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWTHeaderParameters } from 'jose';

/** How old the keys may be before they are fetched again, in the background, in ms. */
const freshMs = 300_000;
/** Minimum time between two fetches, in ms: tokens with unknown keys do not load the issuer. */
const pauseMs = 10_000;

type Find = ReturnType<typeof createLocalJWKSet>;

/**
 * An issuer's public keys. They are fetched with the first token, every few minutes, and for a token with an unknown
 * key. The last ones go on for as long as they cannot be fetched.
 */
export class KeySet {
  private find: Find | undefined;
  private fetchedAt = -Infinity;
  private askedAt = -Infinity;
  private asking: Promise<void> | undefined;
  private fault = '';

  constructor(
    private readonly fetchKeys: () => Promise<JSONWebKeySet>,
    private readonly clock: Clock,
    private readonly log: Pick<Logger, 'warn'>,
  ) {}

  /** The key of a token. Rejects with `token.invalid` if it is unknown, `token.unverifiable` if there are no keys. */
  async key(header: JWTHeaderParameters): Promise<CryptoKey> {
    const age = this.clock.monotonic() - this.fetchedAt;
    if (!this.find) await this.refresh();
    else if (age > freshMs) void this.refresh();
    const found = await this.search(header);
    if (found) return found;
    await this.refresh();
    const key = await this.search(header);
    if (key) return key;
    if (this.find)
      throw new RemudaError('token.invalid', 'The token is signed with a key that its issuer does not have.');
    throw new RemudaError('token.unverifiable', `The keys of the token's issuer cannot be fetched: ${this.fault}.`, {
      retryAfterMs: pauseMs,
    });
  }

  private async search(header: JWTHeaderParameters): Promise<CryptoKey | undefined> {
    try {
      return await this.find?.(header);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  /** Fetches the keys, unless that was tried a moment ago. Never rejects. */
  private refresh(): Promise<void> {
    if (!this.asking && this.clock.monotonic() - this.askedAt < pauseMs) return Promise.resolve();
    return (this.asking ??= this.fetch().finally(() => {
      this.asking = undefined;
    }));
  }

  private async fetch(): Promise<void> {
    this.askedAt = this.clock.monotonic();
    try {
      this.find = createLocalJWKSet(await this.fetchKeys());
      this.fetchedAt = this.clock.monotonic();
      this.fault = '';
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.fault) this.log.warn({ err: error }, "the keys of the tokens' issuer were not fetched");
      this.fault = fault;
    }
  }
}
