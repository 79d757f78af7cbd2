import { sql, type Kysely } from 'kysely';
import type { DayUsage, UsageQuery } from '@remuda/domain';
import { plainText } from './plain-text.js';
import type { Tables } from './tables.js';

interface Sum {
  readonly day: string;
  readonly label: string | null;
  readonly jobs: number;
  readonly input: number;
  readonly output: number;
  readonly read: number;
  readonly write: number;
  readonly cost: number;
}

/** Adds up what was spent, by day and by the value of a label. */
export async function addUpUsage(db: Kysely<Tables>, query: UsageQuery): Promise<readonly DayUsage[]> {
  const start = query.label === undefined ? '' : plainText(`${query.label}=`);
  const value = sql`(select substr(one, length(${start}) + 1) from unnest(labels) as one where starts_with(one, ${start}) limit 1)`;
  const label = start === '' ? sql`null::text` : value;
  const { rows } = await sql<Sum>`
    select day::text as day, label, count(*)::int8 as jobs, sum(input_tokens)::int8 as input,
      sum(output_tokens)::int8 as output, sum(cache_read_tokens)::int8 as read,
      sum(cache_write_tokens)::int8 as write, sum(cost_usd) as cost
    from (select *, ${label} as label from spend
      where tenant = ${query.tenant} and day between ${query.from}::date and ${query.to}::date) as spent
    group by day, label order by day, label nulls last`.execute(db);
  return rows.map(({ day, label: of, jobs, input, output, read, write, cost }) => ({
    ...{ day, jobs, costUsd: cost },
    ...(of === null ? {} : { label: of }),
    usage: { inputTokens: input, outputTokens: output, cacheReadTokens: read, cacheWriteTokens: write },
  }));
}
