/** What a request may be called: its file is `{id}.json`. */
const ids = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Ends every message's file; what is still being written ends otherwise. */
const ending = '.json';

/**
 * The name of a message's file. A request, and what ends it (its outcome, or why it was refused), have the request's id,
 * so that whoever knows it finds the file: `requests/42.json`, `responses/42.json`. Others have their number.
 */
export function fileNameOf(message: unknown, number: number): string {
  const id = idIn(message);
  return id === undefined ? `_${String(number).padStart(12, '0')}${ending}` : id + ending;
}

/** The id of the request that a message makes or ends. */
export function idIn(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { kind, id, job } = message as Readonly<Record<string, unknown>>;
  const named = kind === undefined ? (id ?? job) : kind === 'outcome' ? job : kind === 'refused' ? id : undefined;
  return typeof named === 'string' && ids.test(named) ? named : undefined;
}

/** Whether a file holds a whole message. Whoever writes one gives it this name when it is complete. */
export const isMessageFile = (name: string): boolean => name.endsWith(ending) && !name.startsWith('.');

/** The id that a file's name gives its request; undefined for a number. */
export function idOfFile(name: string): string | undefined {
  const stem = name.slice(0, -ending.length);
  return ids.test(stem) ? stem : undefined;
}

/** The name under which a file is written, before it gets its own: no reader takes it for a message. */
export const unfinishedName = (name: string, number: number): string => `.${name}.${String(number)}.tmp`;

/** Whether a file was left by somebody who did not finish writing it. */
export const isUnfinished = (name: string): boolean => name.startsWith('.') && name.endsWith('.tmp');
