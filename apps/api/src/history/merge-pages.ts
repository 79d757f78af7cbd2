import type { JobPlace, JobRecord } from '@remuda/domain';

/** A part of a list, newest first: every job of its source that fits, down to `end`; to the very end without. */
export interface Stretch {
  readonly jobs: readonly JobRecord[];
  readonly end?: JobPlace;
}

/** The place of a job in lists. */
export function placeOf({ times, id }: JobRecord): JobPlace {
  return { at: times.queuedAt, id };
}

/** Whether a place comes later in a list than another one: it is older. Negative if it comes earlier. */
export function comparePlaces(a: JobPlace, b: JobPlace): number {
  if (a.at !== b.at) return b.at - a.at;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}

/**
 * One page of two sources, of which the first one's word counts for a job that both have. Nothing below the end of
 * either is listed: its source may have more before it.
 */
export function mergePages(recent: Stretch, archived: Stretch, limit: number): Stretch {
  const known = new Set(recent.jobs.map(({ id }) => id));
  const ends = [recent.end, archived.end].filter((end) => end !== undefined).toSorted(comparePlaces);
  const [end] = ends;
  const all = [...recent.jobs, ...archived.jobs.filter(({ id }) => !known.has(id))]
    .filter((job) => !end || comparePlaces(placeOf(job), end) <= 0)
    .toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b)));
  const jobs = all.slice(0, limit);
  const last = jobs.at(-1);
  if (all.length > limit && last) return { jobs, end: placeOf(last) };
  return end ? { jobs, end } : { jobs };
}
