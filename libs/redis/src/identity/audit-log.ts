import type { AuditEntry, AuditKind, AuditLog } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import type { Redis } from 'ioredis';
import { PassedOver } from '../connection/queue-log.js';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { translated } from './translated.js';

/** Entries of each kind that are kept at least. A flood of refused requests displaces no steering ones. */
const most = 10_000;

/** The audit log's latest entries: a stream for each kind, which is trimmed with each entry. */
export class RedisAuditLog implements AuditLog {
  private readonly redis: Redis;
  private readonly failed: PassedOver;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
    this.failed = new PassedOver(this.redis, 'an entry of the audit log was not kept in Redis');
  }

  async append(entry: AuditEntry): Promise<void> {
    try {
      await this.redis.xadd(this.keys.audit(entry.kind), 'MAXLEN', '~', most, '*', 'entry', JSON.stringify(entry));
      this.failed.wentWell();
    } catch (error) {
      this.failed.say(error);
    }
  }

  async latest(kind: AuditKind, limit: number): Promise<readonly AuditEntry[]> {
    const found = await translated(this.redis.xrevrange(this.keys.audit(kind), '+', '-', 'COUNT', limit));
    return found.flatMap(([, [, text = '']]) => {
      const read = parseJson(text);
      return isRecord(read) ? [read as unknown as AuditEntry] : [];
    });
  }
}
