import {
  auditKinds,
  compareAudit,
  mergeAudit,
  selectsAudit,
  type AuditEntry,
  type AuditKind,
  type AuditLog,
  type AuditPage,
  type AuditQuery,
  type AuditRecord,
} from '@remuda/domain';
import type { Redis } from 'ioredis';
import { PassedOver } from '../connection/queue-log.js';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { StreamEntry } from '../events/backlog.js';
import type { RedisKeys } from '../keys.js';
import { readAuditEntry } from './audit-entry.js';
import { translated } from './translated.js';

/** Entries of each kind that are kept at least. A flood of refused requests displaces no steering ones. */
const most = 10_000;
/** Entries that are read at once. */
const stride = 500;

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

  async list(query: AuditQuery): Promise<AuditPage> {
    const kinds = query.kind === undefined ? auditKinds : [query.kind];
    const found = await Promise.all(kinds.map((kind) => this.#ofKind(kind, query)));
    return { entries: mergeAudit(found, query.limit) };
  }

  /** The first entries of a kind that fit. */
  async #ofKind(kind: AuditKind, query: AuditQuery): Promise<readonly AuditRecord[]> {
    const { since = 0, until = Infinity, below, limit } = query;
    const from = Math.min(until, below?.at ?? Infinity);
    const found: AuditRecord[] = [];
    // an id without a number stands for the last one of its millisecond
    for (let end = Number.isFinite(from) ? String(from) : '+'; found.length < limit;) {
      const read = this.redis.xrevrange(this.keys.audit(kind), end, String(since), 'COUNT', stride);
      const entries = (await translated(read)) as StreamEntry[];
      for (const entry of entries) {
        const record = readAuditEntry(kind, entry);
        if (record && selectsAudit(query, record) && (!below || compareAudit(record, below) > 0)) found.push(record);
      }
      const last = entries.at(-1);
      if (entries.length < stride || !last) break;
      end = `(${last[0]}`;
    }
    return found.sort(compareAudit).slice(0, limit);
  }
}
