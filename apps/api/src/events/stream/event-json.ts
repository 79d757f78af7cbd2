import type { JobEvent, SessionEvent } from '@remuda/domain';

/** The followers of a job get the same events, so that each is put into words once for all of them. */
const known = new WeakMap<object, string>();

/**
 * An event as JSON without line breaks, of those also that only some readers treat as one (U+2028, U+2029, U+0085). An
 * event must not change afterwards.
 */
export function eventJson(event: JobEvent | SessionEvent): string {
  const found = known.get(event);
  if (found !== undefined) return found;
  const json = JSON.stringify(event).replace(/[\u0085\u2028\u2029]/g, escaped);
  known.set(event, json);
  return json;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
