import { sql, type Kysely } from 'kysely';

// Jobs with a label and a state, or a profile, newest first: no index of a list of labels has an order. Without one, a filter that
// fits few jobs is answered from the rows of all that fit the other one.
const statements = [
  `create table job_labels (
    tenant text collate "C" not null,
    label text collate "C" not null,
    queued_at bigint not null,
    id text collate "C" not null,
    state text collate "C" not null,
    profile text collate "C" not null,
    primary key (tenant, label, queued_at, id)
  )`,
  `create index job_labels_by_state on job_labels (tenant, label, state, queued_at, id)`,
  `create index job_labels_by_profile on job_labels (tenant, label, profile, queued_at, id)`,
  `create index jobs_by_state_and_profile on jobs (tenant, state, profile, queued_at, id)`,
  `drop index jobs_by_label`,
];

/** Jobs of one statement: each has to end within the timeout. */
const step = 10_000;

/** Lists of jobs by two filters. */
export const jobLabels = {
  up: async (db: Kysely<unknown>): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
    for (let from: Place | undefined = { tenant: '', id: '' }; from;) from = await fill(db, from);
  },
};

/** The job up to which it was filled; no tenant is before the first one. */
interface Place {
  readonly tenant: string;
  readonly id: string;
}

async function fill(db: Kysely<unknown>, { tenant, id }: Place): Promise<Place | undefined> {
  const part = sql`select * from jobs where (tenant, id) > (${tenant}, ${id}) order by tenant, id limit ${step}`;
  await sql`
    insert into job_labels (tenant, label, queued_at, id, state, profile)
    select distinct tenant, unnest(labels), queued_at, id, state, profile from (${part}) as part`.execute(db);
  const last = sql<Place>`select tenant, id from (${part}) as part order by tenant desc, id desc limit 1`;
  return (await last.execute(db)).rows[0];
}
