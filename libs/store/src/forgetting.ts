import { sql, type Kysely } from 'kysely';
import type { ArchiveRules } from '@remuda/domain';
import type { Tables } from './tables.js';

/** Jobs of one state for one statement: it holds up others for as long as that takes. */
const step = 500;

/** Removes jobs that are due, and the contents of those whose record is kept for longer; returns their number. */
export async function forgetDue(db: Kysely<Tables>, rules: ArchiveRules, now: number): Promise<number> {
  let forgotten = 0;
  for (const [state, keptMs] of Object.entries(rules.jobMs)) forgotten += await forgetJobs(db, state, now - keptMs);
  for (const [state, keptMs] of Object.entries(rules.contentMs))
    forgotten += await forgetContents(db, state, now - keptMs);
  return forgotten;
}

/** What they have spent stays: it is accounted for by day. */
async function forgetJobs(db: Kysely<Tables>, state: string, before: number): Promise<number> {
  const { rows } = await sql`
    with due as (select tenant, id, labels, queued_at from jobs where state = ${state} and over_at <= ${before}::bigint
        order by over_at limit ${step}),
      labels as (delete from job_labels as one using due, unnest(due.labels) as named (label)
        where one.tenant = due.tenant and one.label = named.label and one.queued_at = due.queued_at and one.id = due.id),
      events as (delete from job_events using due where job_events.tenant = due.tenant and job = due.id)
    delete from jobs using due where jobs.tenant = due.tenant and jobs.id = due.id returning 1`.execute(db);
  return rows.length;
}

async function forgetContents(db: Kysely<Tables>, state: string, before: number): Promise<number> {
  const { rows } = await sql`
    with due as (select tenant, id from jobs
        where state = ${state} and over_at <= ${before}::bigint and prompt is not null order by over_at limit ${step}),
      events as (delete from job_events using due where job_events.tenant = due.tenant and job = due.id)
    update jobs set prompt = null, result = null, attempts = null, search = null
    from due where jobs.tenant = due.tenant and jobs.id = due.id returning 1`.execute(db);
  return rows.length;
}
