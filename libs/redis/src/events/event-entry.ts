import type { EventBatch } from '@remuda/domain';

/**
 * Parses the entry `[id, [field, value, …]]` of a job's event stream. It contains one batch: its stream id is `<id of
 * the last event>-0`, field `n` the number of events, `a` the attempt, `d` the events as a JSON array. So a public id
 * is a plain number that rises by one, and trimming shows as a gap in the ids.
 */
export function readEventEntry([id, fields]: readonly [string, readonly string[]]): EventBatch {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i] ?? '', fields[i + 1] ?? '');
  const last = Number(id.slice(0, id.indexOf('-')));
  const count = Number(values.get('n') ?? 1);
  return { first: last - count + 1, last, attempt: Number(values.get('a') ?? 0), json: values.get('d') ?? '[]' };
}
