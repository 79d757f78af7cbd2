import type { Scope } from '../identity/scope.js';

/** An API key, without its secret. Times are epoch ms. */
export interface ApiKeyRecord {
  readonly id: string;
  /** For people: who or what uses it. */
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of its secret, in hex. */
  readonly hash: string;
  readonly createdAt: number;
  /** When it ends by itself. */
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}

/** The API keys. Every call rejects with `redis.unavailable` while they cannot be read. */
export interface ApiKeys {
  add(key: ApiKeyRecord): Promise<void>;
  find(id: string): Promise<ApiKeyRecord | undefined>;
  /** All keys, the oldest first. Those that were revoked or have expired are listed for 90 days more. */
  all(): Promise<readonly ApiKeyRecord[]>;
  /** Revokes a key, and tells all who follow. Safe to call twice: the first time is kept. False if there is no such key. */
  revoke(id: string, at: number): Promise<boolean>;
}

/** News of revoked API keys. */
export interface Revocations {
  /** Calls back with the id of each key that is revoked from now on. News may be lost in an outage. */
  follow(onRevoked: (key: string) => void): Promise<void>;
  close(): void;
}
