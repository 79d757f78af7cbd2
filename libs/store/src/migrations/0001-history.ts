import { sql, type Kysely } from 'kysely';

// Ids are compared by their bytes, as Redis and our cursors do, whatever the database's collation is.
const statements = [
  `create table jobs (
    tenant text collate "C" not null,
    id text collate "C" not null,
    state text collate "C" not null,
    profile text collate "C" not null,
    session text collate "C",
    labels text[] not null,
    queued_at bigint not null,
    over_at bigint not null,
    record text not null,
    prompt text,
    result text,
    attempts text,
    search tsvector,
    primary key (tenant, id)
  )`,
  `create index jobs_by_time on jobs (tenant, queued_at, id)`,
  `create index jobs_by_state on jobs (tenant, state, queued_at, id)`,
  `create index jobs_by_profile on jobs (tenant, profile, queued_at, id)`,
  `create index jobs_by_session on jobs (tenant, session, queued_at) where session is not null`,
  `create index jobs_by_label on jobs using gin (labels)`,
  `create index jobs_by_word on jobs using gin (search)`,
  `create index jobs_by_end on jobs (state, over_at)`,
  `create index jobs_with_content on jobs (state, over_at) where prompt is not null`,
  `create table job_events (
    tenant text collate "C" not null,
    job text collate "C" not null,
    first bigint not null,
    last bigint not null,
    attempt integer not null,
    events text not null,
    primary key (tenant, job, last)
  )`,
  `create table spend (
    tenant text collate "C" not null,
    job text collate "C" not null,
    day date not null,
    profile text collate "C" not null,
    labels text[] not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_write_tokens bigint not null,
    cost_usd double precision not null,
    primary key (tenant, job)
  )`,
  `create index spend_by_day on spend (tenant, day)`,
  `create table audit (
    tenant text collate "C" not null,
    id bigint generated always as identity primary key,
    at bigint not null,
    actor text not null,
    action text not null,
    target text not null,
    data text
  )`,
  `create index audit_by_tenant on audit (tenant, id)`,
  `create index audit_by_target on audit (tenant, target, id)`,
];

/** Jobs that are over with their events, what they have spent, and the audit log. */
export const history = {
  up: async (db: Kysely<unknown>): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
