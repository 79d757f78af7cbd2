import { sql, type Kysely } from 'kysely';
import { eventsOf, gapBefore } from '@remuda/domain';
import type {
  ArchivedJob,
  ArchiveQuery,
  ArchiveRules,
  Clock,
  DayUsage,
  EndedAttempt,
  EventPage,
  JobArchive,
  JobRecord,
  JobRef,
  JobResult,
  KnownEnd,
  SessionRef,
  SessionTurn,
  UsageQuery,
} from '@remuda/domain';
import { translateDatabaseError } from './database-error.js';
import { dueJobs, forgetContents, forgetJobs } from './forgetting.js';
import { keepJobs } from './keeping.js';
import { listRecords } from './listing.js';
import type { Tables } from './tables.js';
import { addUpUsage } from './usage.js';

/** The history of jobs in PostgreSQL, served or embedded. */
export class SqlArchive implements JobArchive {
  /** `ready` rejects while the database's schema is not known to be ours. */
  constructor(
    private readonly db: Kysely<Tables>,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly ready: () => Promise<void>,
  ) {}

  keep(jobs: readonly ArchivedJob[]): Promise<void> {
    return this.#ask(() => this.db.transaction().execute((db) => keepJobs(db, jobs)));
  }

  missing<T extends KnownEnd>(ends: readonly T[]): Promise<readonly T[]> {
    return this.#ask(async () => {
      if (ends.length === 0) return [];
      const all = <V>(valueOf: (end: T) => V): readonly V[] => ends.map((end) => valueOf(end));
      const { rows } = await sql<{ readonly nth: number }>`
        select nth from unnest(${all(({ tenant }) => tenant)}::text[], ${all(({ id }) => id)}::text[],
          ${all(({ overAt }) => overAt)}::bigint[]) with ordinality as asked (tenant, id, over_at, nth)
        where not exists (select 1 from jobs
          where jobs.tenant = asked.tenant and jobs.id = asked.id and jobs.over_at = asked.over_at)`.execute(this.db);
      const absent = new Set(rows.map(({ nth }) => nth - 1));
      return ends.filter((_, i) => absent.has(i));
    });
  }

  find({ tenant, id }: JobRef): Promise<JobRecord | undefined> {
    return this.#ask(async () => {
      const of = this.db.selectFrom('jobs').where('tenant', '=', tenant).where('id', '=', id);
      const row = await of.select('record').executeTakeFirst();
      return row && readRecord(row.record);
    });
  }

  list(query: ArchiveQuery): Promise<readonly JobRecord[]> {
    return this.#ask(async () => (await listRecords(this.db, query)).map(readRecord));
  }

  result({ tenant, id }: JobRef): Promise<JobResult | undefined> {
    return this.#ask(async () => {
      const of = this.db.selectFrom('jobs').where('tenant', '=', tenant).where('id', '=', id);
      const text = (await of.select('result').executeTakeFirst())?.result ?? undefined;
      return text === undefined ? undefined : (JSON.parse(text) as JobResult);
    });
  }

  prompt({ tenant, id }: JobRef): Promise<string | undefined> {
    return this.#ask(async () => {
      const of = this.db.selectFrom('jobs').where('tenant', '=', tenant).where('id', '=', id);
      const text = (await of.select('prompt').executeTakeFirst())?.prompt ?? undefined;
      return text === undefined ? undefined : (JSON.parse(text) as string);
    });
  }

  turns({ tenant, id }: SessionRef, after: number, limit: number): Promise<readonly SessionTurn[]> {
    return this.#ask(async () => {
      const of = this.db.selectFrom('jobs').where('tenant', '=', tenant).where('session', '=', id);
      const above = of.where('turn', '>', after).select(['turn', 'id']).orderBy('turn').limit(limit);
      return (await above.execute()).map(({ turn, id: job }) => ({ number: turn ?? 0, job }));
    });
  }

  attempts({ tenant, id }: JobRef): Promise<readonly EndedAttempt[]> {
    return this.#ask(async () => {
      const of = this.db.selectFrom('jobs').where('tenant', '=', tenant).where('id', '=', id);
      return JSON.parse((await of.select('attempts').executeTakeFirst())?.attempts ?? '[]') as EndedAttempt[];
    });
  }

  events({ tenant, id }: JobRef, after: number, limit: number): Promise<EventPage> {
    return this.#ask(async () => {
      const of = this.db.selectFrom('job_events').where('tenant', '=', tenant).where('job', '=', id);
      const page = of.select(['first', 'last', 'attempt', 'events']).where('last', '>', after).orderBy('last');
      const batches = (await page.limit(limit + 1).execute()).map(({ events, ...batch }) => ({
        ...batch,
        json: events,
      }));
      const [first] = batches;
      if (!first) return { events: [], complete: true };
      const kept = batches.slice(0, limit).flatMap((batch) => eventsOf(batch, after));
      const events = [...gapBefore(first.first, after, this.clock.now()), ...kept];
      return { events, complete: batches.length <= limit };
    });
  }

  usage(query: UsageQuery): Promise<readonly DayUsage[]> {
    return this.#ask(() => addUpUsage(this.db, query));
  }

  async forget(
    rules: ArchiveRules,
    now: number,
    beforeRecords?: (jobs: readonly JobRecord[]) => Promise<void>,
  ): Promise<number> {
    let forgotten = 0;
    for (const [state, keptMs] of Object.entries(rules.jobMs)) {
      const due = await this.#ask(() => dueJobs(this.db, state, now - keptMs));
      if (due.length === 0) continue;
      await beforeRecords?.(due.map(({ record }) => readRecord(record)));
      forgotten += await this.#ask(() => forgetJobs(this.db, due, now - keptMs));
    }
    for (const [state, keptMs] of Object.entries(rules.contentMs))
      forgotten += await this.#ask(() => forgetContents(this.db, state, now - keptMs));
    return forgotten;
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    await this.ready();
    try {
      return await ask();
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }
}

function readRecord(record: string): JobRecord {
  return JSON.parse(record) as JobRecord;
}
