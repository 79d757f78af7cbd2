import { auditKinds, type AuditArchive, type AuditKind, type AuditRecord } from '@remuda/domain';
import type { AuditFeed, AuditPosition } from '@remuda/redis';
import { isRefusal } from '@remuda/store';
import type { GroupLog } from './archive-group.js';

/** How long entries are kept, in ms, by kind; of a kind that is not named, for ever. */
export type AuditRules = Readonly<Partial<Record<AuditKind, number>>>;

/**
 * Moves the audit log from Redis into the archive, in the order in which it was written. It notes nowhere how far it is: when it
 * begins, all that Redis still has is written once more, which changes nothing. So it follows a database that was restored,
 * and a Redis that is another one.
 */
export class AuditMover {
  #after: AuditPosition = {};

  /** `onMoved` is called with the number of entries that were written, once more or for the first time. */
  constructor(
    private readonly feed: Pick<AuditFeed, 'read' | 'forget'>,
    private readonly log: GroupLog,
    private readonly onMoved: (entries: number) => void = () => undefined,
  ) {}

  /** Goes back to the beginning. */
  begin(): void {
    this.#after = {};
  }

  /** Moves what there is by now, or the first part of it. */
  async move(archive: AuditArchive): Promise<void> {
    const { entries, end } = await this.feed.read(this.#after);
    await this.#add(archive, entries);
    this.#after = end;
    this.onMoved(entries.length);
  }

  /** Deletes what is due, from both. */
  async forget(archive: AuditArchive, rules: AuditRules, now: number): Promise<void> {
    for (const kind of auditKinds) {
      const keptMs = rules[kind];
      if (keptMs === undefined) continue;
      await this.feed.forget(kind, now - keptMs);
      await archive.forget(kind, now - keptMs);
    }
  }

  /** If the database refuses something in them, each by itself: none keeps the others waiting. */
  async #add(archive: AuditArchive, entries: readonly AuditRecord[]): Promise<void> {
    try {
      await archive.add(entries);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (entries.length > 1) for (const entry of entries) await this.#add(archive, [entry]);
      else this.log.warn({ err: error, audit: entries[0] }, 'the database refused an entry of the audit log');
    }
  }
}
