import type { ApiKeyRecord, ApiKeys, Revocations } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { translated } from './translated.js';

/** How long a key is listed after its end, in ms. */
const keptMs = 90 * 86_400_000;

/** API keys: a hash for each, with its record and when it was revoked, and an index, which is cleaned when read. */
export class RedisApiKeys implements ApiKeys {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  async add(record: ApiKeyRecord): Promise<void> {
    const { id, expiresAt } = record;
    const key = this.keys.apiKey(id);
    const adding = this.redis.multi().hset(key, 'record', JSON.stringify(record)).sadd(this.keys.apiKeys, id);
    if (expiresAt !== undefined) adding.pexpireat(key, expiresAt + keptMs);
    await translated(adding.exec());
  }

  async find(id: string): Promise<ApiKeyRecord | undefined> {
    return readKey(await translated(this.redis.hmget(this.keys.apiKey(id), 'record', 'revokedAt')));
  }

  async all(): Promise<readonly ApiKeyRecord[]> {
    const ids = await translated(this.redis.smembers(this.keys.apiKeys));
    const found = await Promise.all(ids.map((id) => this.find(id)));
    const gone = ids.filter((_, i) => found[i] === undefined);
    if (gone.length > 0) await translated(this.redis.srem(this.keys.apiKeys, ...gone));
    return found.filter((key) => key !== undefined).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  async revoke(id: string, at: number): Promise<boolean> {
    if (!(await this.find(id))) return false;
    const key = this.keys.apiKey(id);
    await translated(
      this.redis.multi().hsetnx(key, 'revokedAt', at).pexpire(key, keptMs).publish(this.keys.revocations, id).exec(),
    );
    return true;
  }
}

function readKey([record, revokedAt]: readonly (string | null)[]): ApiKeyRecord | undefined {
  const read = parseJson(record ?? '');
  if (!isRecord(read)) return undefined;
  const key = read as unknown as ApiKeyRecord;
  return revokedAt === null || revokedAt === undefined ? key : { ...key, revokedAt: Number(revokedAt) };
}

/** News of revoked API keys, over Redis pub/sub. */
export class RedisRevocations implements Revocations {
  private readonly redis: Redis;

  /** The connection must not be used for anything else. */
  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  async follow(onRevoked: (key: string) => void): Promise<void> {
    this.redis.on('message', (_channel: string, key: string) => {
      onRevoked(key);
    });
    await this.redis.subscribe(this.keys.revocations);
  }

  close(): void {
    this.redis.disconnect();
  }
}
