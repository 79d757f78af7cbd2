import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.js';

/** Jobs of one state for one statement: it holds up others for as long as that takes. */
const step = 500;

/** A job whose record may go. */
export interface DueJob {
  readonly tenant: string;
  readonly id: string;
  readonly record: string;
}

/** Jobs of a state that ended by `before`, epoch ms: the oldest ones, as many as one statement removes. */
export async function dueJobs(db: Kysely<Tables>, state: string, before: number): Promise<readonly DueJob[]> {
  const { rows } = await sql<DueJob>`
    select tenant, id, record from jobs where state = ${state} and over_at <= ${before}::bigint
    order by over_at limit ${step}`.execute(db);
  return rows;
}

/**
 * Removes those of these jobs that still ended by `before`; returns their number. What they have spent stays: it is accounted for
 * by day.
 */
export async function forgetJobs(db: Kysely<Tables>, jobs: readonly DueJob[], before: number): Promise<number> {
  const { rows } = await sql`
    with due as (select jobs.tenant, jobs.id, labels, queued_at from jobs
        join unnest(${jobs.map(({ tenant }) => tenant)}::text[], ${jobs.map(({ id }) => id)}::text[]) as one (tenant, id)
          on jobs.tenant = one.tenant and jobs.id = one.id
        where over_at <= ${before}::bigint),
      labels as (delete from job_labels as one using due, unnest(due.labels) as named (label)
        where one.tenant = due.tenant and one.label = named.label and one.queued_at = due.queued_at and one.id = due.id),
      events as (delete from job_events using due where job_events.tenant = due.tenant and job = due.id)
    delete from jobs using due where jobs.tenant = due.tenant and jobs.id = due.id returning 1`.execute(db);
  return rows.length;
}

/** Removes the contents of jobs whose record is kept for longer; returns the number of jobs. */
export async function forgetContents(db: Kysely<Tables>, state: string, before: number): Promise<number> {
  const { rows } = await sql`
    with due as (select tenant, id from jobs
        where state = ${state} and over_at <= ${before}::bigint and prompt is not null order by over_at limit ${step}),
      events as (delete from job_events using due where job_events.tenant = due.tenant and job = due.id)
    update jobs set prompt = null, result = null, attempts = null, search = null
    from due where jobs.tenant = due.tenant and jobs.id = due.id returning 1`.execute(db);
  return rows.length;
}
