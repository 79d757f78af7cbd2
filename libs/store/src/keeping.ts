import { sql, type Kysely } from 'kysely';
import { noUsage, type ArchivedJob, type JobRecord } from '@remuda/domain';
import { plainText, searchText } from './plain-text.js';
import type { Tables } from './tables.js';

/** Writes jobs with their events, and what they have spent; each table by one statement. Within a transaction. */
export async function keepJobs(db: Kysely<Tables>, jobs: readonly ArchivedJob[]): Promise<void> {
  // of a job that comes twice the last word counts
  const kept = [...new Map(jobs.map((one) => [`${one.job.tenant} ${one.job.id}`, one])).values()];
  if (kept.length === 0) return;
  await writeJobs(db, kept);
  await writeLabels(
    db,
    kept.map(({ job }) => job),
  );
  await writeEvents(db, kept);
  await writeSpend(
    db,
    kept.map(({ job }) => job),
  );
}

async function writeJobs(db: Kysely<Tables>, jobs: readonly ArchivedJob[]): Promise<void> {
  const rows = jobs.map(({ job, prompt, result, attempts }) => ({
    ...{ tenant: job.tenant, id: job.id, state: job.state, profile: job.spec.profile, session: job.session ?? '' },
    turn: job.turn ?? null,
    labels: labelsOf(job),
    ...{ queuedAt: job.times.queuedAt, overAt: job.times.overAt ?? job.times.queuedAt },
    ...{ record: JSON.stringify(job), prompt: JSON.stringify(prompt), attempts: JSON.stringify(attempts) },
    result: result === undefined ? '' : JSON.stringify(result),
    words: searchText(prompt, result?.text ?? ''),
  }));
  const all = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  await sql`
    insert into jobs (tenant, id, state, profile, session, turn, labels, queued_at, over_at, record, prompt, result, attempts, search)
    select tenant, id, state, profile, nullif(session, ''), turn, array(select json_array_elements_text(labels::json)),
      queued_at, over_at, record, prompt, nullif(result, ''), attempts, to_tsvector('simple', words)
    from unnest(${all('tenant')}::text[], ${all('id')}::text[], ${all('state')}::text[], ${all('profile')}::text[],
      ${all('session')}::text[], ${all('turn')}::int[], ${all('labels')}::text[], ${all('queuedAt')}::bigint[], ${all('overAt')}::bigint[],
      ${all('record')}::text[], ${all('prompt')}::text[], ${all('result')}::text[], ${all('attempts')}::text[],
      ${all('words')}::text[])
      as new (tenant, id, state, profile, session, turn, labels, queued_at, over_at, record, prompt, result, attempts, words)
    on conflict (tenant, id) do update set
      state = excluded.state, profile = excluded.profile, session = excluded.session, turn = excluded.turn, labels = excluded.labels,
      queued_at = excluded.queued_at, over_at = excluded.over_at, record = excluded.record, prompt = excluded.prompt,
      result = excluded.result, attempts = excluded.attempts, search = excluded.search`.execute(db);
}

/** A job keeps its labels, its profile and when it was submitted; after a redrive its state may be another one. */
async function writeLabels(db: Kysely<Tables>, jobs: readonly JobRecord[]): Promise<void> {
  const rows = jobs.flatMap((job) =>
    [...new Set(namedLabelsOf(job))].map((label) => ({
      ...{ tenant: job.tenant, id: job.id, label, queuedAt: job.times.queuedAt },
      ...{ state: job.state, profile: job.spec.profile },
    })),
  );
  if (rows.length === 0) return;
  const all = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  await sql`
    insert into job_labels (tenant, label, queued_at, id, state, profile)
    select * from unnest(${all('tenant')}::text[], ${all('label')}::text[], ${all('queuedAt')}::bigint[],
      ${all('id')}::text[], ${all('state')}::text[], ${all('profile')}::text[])
    on conflict (tenant, label, queued_at, id) do update set state = excluded.state, profile = excluded.profile
      where (job_labels.state, job_labels.profile) <> (excluded.state, excluded.profile)`.execute(db);
}

/** A Redis that lost its last second may tell another story than before: what is there of it is replaced. */
async function writeEvents(db: Kysely<Tables>, jobs: readonly ArchivedJob[]): Promise<void> {
  const from = jobs.map(({ events }) => events[0]?.first ?? 1);
  await sql`
    delete from job_events as old
    using unnest(${jobs.map(({ job }) => job.tenant)}::text[], ${jobs.map(({ job }) => job.id)}::text[], ${from}::bigint[])
      as new (tenant, job, first)
    where old.tenant = new.tenant and old.job = new.job and old.last >= new.first`.execute(db);
  const rows = jobs.flatMap(({ job, events }) =>
    events.map((batch) => ({ ...batch, tenant: job.tenant, job: job.id })),
  );
  if (rows.length === 0) return;
  const all = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  await sql`
    insert into job_events (tenant, job, first, last, attempt, events)
    select * from unnest(${all('tenant')}::text[], ${all('job')}::text[], ${all('first')}::bigint[],
      ${all('last')}::bigint[], ${all('attempt')}::int[], ${rows.map(({ json }) => plainText(json))}::text[])`.execute(
    db,
  );
}

async function writeSpend(db: Kysely<Tables>, jobs: readonly JobRecord[]): Promise<void> {
  const rows = jobs.map((job) => ({
    ...{ tenant: job.tenant, id: job.id, profile: job.spec.profile, labels: labelsOf(job) },
    day: new Date(job.times.overAt ?? job.times.queuedAt).toISOString().slice(0, 10),
    ...(job.usage ?? noUsage),
    costUsd: job.costUsd ?? 0,
  }));
  const all = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  await sql`
    insert into spend (tenant, job, day, profile, labels, input_tokens, output_tokens, cache_read_tokens,
      cache_write_tokens, cost_usd)
    select tenant, job, day, profile, array(select json_array_elements_text(labels::json)), input, output, read, write, cost
    from unnest(${all('tenant')}::text[], ${all('id')}::text[], ${all('day')}::date[], ${all('profile')}::text[],
      ${all('labels')}::text[], ${all('inputTokens')}::bigint[], ${all('outputTokens')}::bigint[],
      ${all('cacheReadTokens')}::bigint[], ${all('cacheWriteTokens')}::bigint[], ${all('costUsd')}::float8[])
      as new (tenant, job, day, profile, labels, input, output, read, write, cost)
    on conflict (tenant, job) do update set
      day = excluded.day, profile = excluded.profile, labels = excluded.labels, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, cache_read_tokens = excluded.cache_read_tokens,
      cache_write_tokens = excluded.cache_write_tokens, cost_usd = excluded.cost_usd`.execute(db);
}

/** A job's labels as a JSON list of `name=value`. */
const labelsOf = (job: JobRecord): string => JSON.stringify(namedLabelsOf(job));

/** A job's labels: `name=value`. */
function namedLabelsOf({ spec }: JobRecord): readonly string[] {
  return Object.entries(spec.labels).map(([name, value]) => plainText(`${name}=${value}`));
}
