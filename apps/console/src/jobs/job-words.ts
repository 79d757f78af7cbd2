import type { Job } from '@remuda/client';

/** What a job is called: the `title` of its metadata, its repository, or else its id. */
export function titleOfJob({ id, metadata, workspace }: Pick<Job, 'id' | 'metadata' | 'workspace'>): string {
  const { title } = metadata;
  if (typeof title === 'string' && title.trim() !== '') return title.trim().slice(0, 200);
  if (workspace.kind === 'git') return workspace.url.replace(/^\w+:\/\/|\.git$/g, '');
  return id;
}

/** How long a job has run so far, or ran, in ms; undefined before its start. */
export function tookOf({ times }: Pick<Job, 'times'>, now: number): number | undefined {
  if (times.startedAt === undefined) return undefined;
  return Math.max(0, (times.overAt === undefined ? now : Date.parse(times.overAt)) - Date.parse(times.startedAt));
}
