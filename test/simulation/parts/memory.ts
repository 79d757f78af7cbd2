import { createHash } from 'node:crypto';
import type { Snapshot } from '@remuda/domain';
import type { RedisKeys, RedisSnapshots } from '@remuda/redis';
import type { Kept, Restored, SnapshotKeeper } from '../../../apps/worker/src/keepers.port.js';
import type { Database } from '../redis/database.js';
import type { World } from '../world/world.js';

/** The turns of a conversation, by their jobs; this is all that an agent remembers here, and all that a snapshot has. */
export type Conversation = readonly string[];

/** What an agent knows of its conversation, which its worker keeps and restores. */
export interface Memory {
  /** The turns so far, this one included. */
  conversation: Conversation;
  /** What was restored here, until a session is resumed from it. */
  restored: Conversation | undefined;
}

/** Every copy that was stored in the run. */
export class Copies {
  readonly #stored = new Map<string, Conversation>();

  store(job: string, snapshot: Pick<Snapshot, 'lease' | 'at'>, conversation: Conversation): void {
    this.#stored.set(nameOf(job, snapshot), conversation);
  }

  find(job: string, snapshot: Pick<Snapshot, 'lease' | 'at'>): Conversation | undefined {
    return this.#stored.get(nameOf(job, snapshot));
  }
}

const nameOf = (job: string, { lease, at }: Pick<Snapshot, 'lease' | 'at'>): string => `${job}.${lease}.${at}`;

/** How copies fare at the moment. */
export interface CopyWeather {
  /** Probability that none can be taken, and the longest time that one takes, in ms. */
  notKept: number;
  copyMs: number;
}

interface CopierParts {
  readonly world: World;
  readonly db: Database;
  readonly keys: RedisKeys;
  readonly index: RedisSnapshots;
  readonly copies: Copies;
  readonly memory: Memory;
  readonly weather: CopyWeather;
}

/** What stands for the snapshots of a worker, for the bridge that takes them in, and for the place where they are stored. */
export class SimulatedCopier implements SnapshotKeeper {
  constructor(private readonly parts: CopierParts) {}

  /** None is taken while a turn runs. */
  watch(): ReturnType<SnapshotKeeper['watch']> {
    return { note: () => undefined, stop: () => Promise.resolve() };
  }

  async keep({ token, sessionId }: Parameters<SnapshotKeeper['keep']>[0]): Promise<Kept> {
    const { world, index, copies, memory, weather } = this.parts;
    const at = Date.now();
    const { conversation } = memory;
    // As the bridge does, which sees the token as a copy begins and notes it when it has all of it.
    const grant = this.#grantOf(token) ?? this.#grantOf(token, true);
    if (!grant) return { why: 'its token is void' };
    await pause(world.random.between(1, weather.copyMs));
    if (world.random.chance(weather.notKept)) return { why: 'chance' };
    const snapshot = { sessionId, at, lease: grant.lease, bytes: 1, sessionBytes: 1, whole: true };
    copies.store(grant.job, snapshot, conversation);
    try {
      const noted = await index.note(grant.job, grant.worker, snapshot);
      return noted === 'ended' ? { why: 'its lease is over' } : { at };
    } catch {
      return { why: 'Redis is away' };
    }
  }

  async restore(...[, { of, token }]: Parameters<SnapshotKeeper['restore']>): Promise<Restored> {
    const { index, copies, memory, weather, world } = this.parts;
    await pause(world.random.between(1, weather.copyMs));
    const { job } = this.#grantOf(token) ?? {};
    const origin = job === undefined ? undefined : of === 'origin' ? await index.findOrigin(job) : await this.#own(job);
    const found = origin && copies.find(origin.job, origin.snapshot);
    if (!found) return { kind: 'unavailable', message: 'There is none.' };
    memory.restored = found;
    return { kind: 'restored' };
  }

  async #own(job: string): Promise<{ readonly job: string; readonly snapshot: Snapshot } | undefined> {
    const snapshot = await this.parts.index.find(job);
    return snapshot && { job, snapshot };
  }

  /** As the bridge finds it. */
  #grantOf(
    token: string,
    isOver = false,
  ): { readonly job: string; readonly worker: string; readonly lease: number } | undefined {
    const { db, keys } = this.parts;
    const name = createHash('sha256').update(token).digest('hex');
    const grant = db.hash(isOver ? keys.keepToken(name) : keys.bridgeToken(name));
    const [job, worker, lease] = ['job', 'worker', 'lease'].map((field) => grant?.get(field));
    return job && worker ? { job, worker, lease: Number(lease) } : undefined;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
