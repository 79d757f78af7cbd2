import { Inject, Injectable } from '@nestjs/common';
import { RemudaError } from '@remuda/domain';
import type { Clock, PoolStore } from '@remuda/domain';
import { clock, poolStore } from '../stores.js';

/** How long published profiles are cached, in ms: not every job reads them again. */
const freshMs = 1_000;
/** The same for a missing profile: a new one becomes known soon. */
const missingMs = 50;

/** The profiles that jobs may name. */
@Injectable()
export class KnownProfiles {
  private names: ReadonlySet<string> = new Set();
  private readAt = -Infinity;
  private reading: Promise<void> | undefined;

  constructor(
    @Inject(poolStore) private readonly pools: PoolStore,
    @Inject(clock) private readonly time: Clock,
  ) {}

  /**
   * Resolves if all profiles are known; `profile.unknown` with a fault for each unknown one, `service.starting` if
   * there are none at all.
   */
  async require(profiles: readonly { readonly name: string; readonly path: string }[]): Promise<void> {
    await this.refresh(freshMs);
    if (!profiles.every(({ name }) => this.names.has(name))) await this.refresh(missingMs);
    const faults = profiles
      .filter(({ name }) => !this.names.has(name))
      .map(({ path, name }) => ({
        path,
        message: `must be one of ${[...this.names].join(', ')}, not ${JSON.stringify(name)}`,
      }));
    if (faults.length === 0) return;
    if (this.names.size === 0)
      throw new RemudaError('service.starting', 'No scheduler has published its profiles yet.', {
        retryAfterMs: 1_000,
      });
    throw new RemudaError('profile.unknown', `${faults[0]?.path ?? 'profile'} ${faults[0]?.message ?? ''}`, { faults });
  }

  private async refresh(maxAgeMs: number): Promise<void> {
    if (this.time.monotonic() - this.readAt > maxAgeMs) await this.read();
  }

  private read(): Promise<void> {
    return (this.reading ??= this.pools
      .profiles()
      .then((names) => {
        this.names = new Set(names);
        this.readAt = this.time.monotonic();
      })
      .finally(() => {
        this.reading = undefined;
      }));
  }
}
