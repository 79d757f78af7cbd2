import type { Principal, Tickets } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { translated } from './translated.js';

/** Tickets: a key for each, which expires, and is deleted in the step that reads it. */
export class RedisTickets implements Tickets {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  async issue(hash: string, principal: Principal, keepMs: number): Promise<void> {
    await translated(this.redis.set(this.keys.streamTicket(hash), JSON.stringify(principal), 'PX', keepMs));
  }

  async redeem(hash: string): Promise<Principal | undefined> {
    const read = parseJson((await translated(this.redis.getdel(this.keys.streamTicket(hash)))) ?? '');
    return isRecord(read) ? (read as unknown as Principal) : undefined;
  }
}
