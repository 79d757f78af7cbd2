import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { ApiKeys, Clock, Revocations } from '@remuda/domain';
import { apiKeys, clock, revocations } from '../stores.js';
import { KeyCheck } from './key-check.js';
import { TokenEnds } from './token-ends.js';

/** How often the keys with open streams are read again, in ms: news of a revoked key may be lost. */
const lookMs = 3_000;

/** Ends at once what was opened with a revoked API key. */
@Injectable()
export class RevocationWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly leaving = new AbortController();

  constructor(
    @Inject(apiKeys) private readonly keys: ApiKeys,
    @Inject(revocations) private readonly news: Revocations,
    @Inject(clock) private readonly time: Clock,
    private readonly checks: KeyCheck,
    private readonly ends: TokenEnds,
  ) {}

  onApplicationBootstrap(): void {
    // During an outage of Redis this waits; the looks fail, and go on after it.
    void this.news
      .follow((key) => {
        this.revoked(key);
      })
      .catch(() => undefined);
    void this.keepLooking();
  }

  onModuleDestroy(): void {
    this.leaving.abort();
  }

  private revoked(key: string): void {
    this.checks.forget(key);
    this.ends.revoked(key);
  }

  private async keepLooking(): Promise<void> {
    const { signal } = this.leaving;
    while (!signal.aborted) {
      await this.time.sleep(lookMs, signal).catch(() => undefined);
      await Promise.all(this.ends.keys().map((key) => this.look(key)));
    }
  }

  private async look(id: string): Promise<void> {
    try {
      const key = await this.keys.find(id);
      if (!key || key.revokedAt !== undefined) this.revoked(id);
    } catch {
      // Redis does not answer: the next look says more.
    }
  }
}
