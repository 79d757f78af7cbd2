import { sql, type Kysely } from 'kysely';

// The first table of this name was never written to. An entry has the place that it has in Redis, so that it can be written again;
// `tenant` is empty where it was not found out whose the request was.
const statements = [
  `drop table audit`,
  `create table audit (
    at bigint not null,
    id text collate "C" not null,
    kind text collate "C" not null,
    tenant text collate "C" not null,
    request text collate "C" not null,
    method text not null,
    path text collate "C" not null,
    status integer not null,
    code text,
    address text,
    subject text collate "C",
    api_key text collate "C",
    primary key (at, id)
  )`,
  `create index audit_by_tenant on audit (tenant, at, id)`,
  `create index audit_by_kind on audit (kind, at, id)`,
  `create index audit_by_subject on audit (tenant, subject, at, id) where subject is not null`,
  `create index audit_by_key on audit (tenant, api_key, at, id) where api_key is not null`,
  `create index audit_by_path on audit (tenant, path, at)`,
  `create index audit_by_request on audit (request)`,
];

/** The audit log: who was refused what, and who steered what. */
export const auditLog = {
  up: async (db: Kysely<unknown>): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
