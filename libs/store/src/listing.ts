import { sql, type Kysely } from 'kysely';
import type { ArchiveQuery } from '@remuda/domain';
import { plainText } from './plain-text.js';
import type { Tables } from './tables.js';

/**
 * The records of a page of jobs, newest first, as JSON. Every pair of filters has an index in the order of the page, so that it
 * reads about as many rows as it returns; words have an index of their own, without an order.
 */
export async function listRecords(db: Kysely<Tables>, query: ArchiveQuery): Promise<readonly string[]> {
  const byLabel = query.label !== undefined && query.words === undefined;
  const rows = await (byLabel ? labelled(db, query).execute() : filtered(db, query).execute());
  return rows.map(({ record }) => record);
}

function filtered(db: Kysely<Tables>, { tenant, state, profile, label, words, below, limit }: ArchiveQuery) {
  let jobs = db.selectFrom('jobs').select('record').where('tenant', '=', tenant);
  if (state !== undefined) jobs = jobs.where('state', '=', state);
  if (profile !== undefined) jobs = jobs.where('profile', '=', profile);
  if (label) jobs = jobs.where(sql<boolean>`labels @> array[${textOf(label)}]::text[]`);
  if (words !== undefined)
    jobs = jobs.where(sql<boolean>`search @@ websearch_to_tsquery('simple', ${plainText(words)})`);
  if (below) jobs = jobs.where(sql<boolean>`(queued_at, id) < (${below.at}::bigint, ${below.id})`);
  return jobs.orderBy('queued_at', 'desc').orderBy('id', 'desc').limit(limit);
}

/** The page is cut before the records are read. */
function labelled(db: Kysely<Tables>, { tenant, state, profile, label, below, limit }: ArchiveQuery) {
  let places = db
    .selectFrom('job_labels')
    .select(['tenant', 'id', 'queued_at'])
    .where('tenant', '=', tenant)
    .where('label', '=', label ? textOf(label) : '');
  if (state !== undefined) places = places.where('state', '=', state);
  if (profile !== undefined) places = places.where('profile', '=', profile);
  if (below) places = places.where(sql<boolean>`(queued_at, id) < (${below.at}::bigint, ${below.id})`);
  const page = places.orderBy('queued_at', 'desc').orderBy('id', 'desc').limit(limit).as('page');
  return db
    .selectFrom(page)
    .innerJoin('jobs', (on) => on.onRef('jobs.tenant', '=', 'page.tenant').onRef('jobs.id', '=', 'page.id'))
    .select('jobs.record as record')
    .orderBy('page.queued_at', 'desc')
    .orderBy('page.id', 'desc');
}

function textOf({ key, value }: NonNullable<ArchiveQuery['label']>): string {
  return plainText(`${key}=${value}`);
}
