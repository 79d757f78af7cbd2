import type { Session } from '@remuda/client';

/** What a session is called: the `title` of its metadata, its repository, or else its id. */
export function titleOfSession({ id, metadata, workspace }: Pick<Session, 'id' | 'metadata' | 'workspace'>): string {
  const { title } = metadata;
  if (typeof title === 'string' && title.trim() !== '') return title.trim().slice(0, 200);
  if (workspace.kind === 'git') return workspace.url.replace(/^\w+:\/\/|\.git$/g, '');
  return id;
}

/** The states of sessions, with what a person has to know of each. */
export const sessionStates = {
  running: 'a turn is under way',
  saving: 'its files are being stored',
  idle: 'a worker waits for the next turn',
  hibernated: 'goes on from its files at the next turn',
  stopped: 'takes no more turns',
} as const satisfies Readonly<Record<Session['state'], string>>;
