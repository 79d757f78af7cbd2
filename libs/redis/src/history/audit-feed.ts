import { auditKinds, type AuditKind, type AuditRecord } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { StreamEntry } from '../events/backlog.js';
import { readAuditEntry } from '../identity/audit-entry.js';
import type { RedisKeys } from '../keys.js';

/** Entries of each kind that are read at once. */
const stride = 500;

/** Some entries of the audit log, and up to where they go. */
export interface AuditPiece {
  readonly entries: readonly AuditRecord[];
  /** From where to go on; by kind. */
  readonly end: AuditPosition;
}

/** Ids of the last entries that were read, by kind; of a kind without one none was. */
export type AuditPosition = Readonly<Partial<Record<AuditKind, string>>>;

/** The audit log in the order in which it was written, for the archive. */
export class AuditFeed {
  /** The connection waits while Redis is away. */
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {}

  /** What comes after a position: of each kind some entries, none if there are none. */
  async read(after: AuditPosition): Promise<AuditPiece> {
    const redis = clientOf(this.connection);
    const pieces = await Promise.all(
      auditKinds.map(async (kind) => {
        const from = after[kind] === undefined ? '-' : `(${after[kind]}`;
        const read = (await redis.xrange(this.keys.audit(kind), from, '+', 'COUNT', stride)) as StreamEntry[];
        const last = read.at(-1)?.[0] ?? after[kind];
        const entries = read.map((entry) => readAuditEntry(kind, entry)).filter((entry) => entry !== undefined);
        return { entries, end: last === undefined ? {} : { [kind]: last } };
      }),
    );
    return {
      entries: pieces.flatMap(({ entries }) => entries),
      end: Object.assign({}, ...pieces.map(({ end }) => end)) as AuditPosition,
    };
  }

  /** Deletes the entries of a kind from before a time, in epoch ms. */
  async forget(kind: AuditKind, before: number): Promise<void> {
    await clientOf(this.connection).xtrim(this.keys.audit(kind), 'MINID', before);
  }
}
