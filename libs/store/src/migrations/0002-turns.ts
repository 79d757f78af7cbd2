import { sql, type Kysely } from 'kysely';

const statements = [
  `alter table jobs add column turn integer`,
  `create index jobs_by_turn on jobs (tenant, session, turn) where session is not null`,
  `drop index jobs_by_session`,
];

/** Which turn of its session a job was. */
export const turns = {
  up: async (db: Kysely<unknown>): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
