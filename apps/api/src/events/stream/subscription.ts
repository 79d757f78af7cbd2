import { RemudaError, sessionStart, type SessionPosition } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import { badPosition, readSessionPosition } from '../position.js';

/** What a client follows: a job or a session. */
export interface Subject {
  readonly kind: 'job' | 'session';
  readonly id: string;
}

/** What a client wants to follow, and from where on. */
export type Subscription =
  | { readonly kind: 'job'; readonly id: string; readonly after: number }
  | { readonly kind: 'session'; readonly id: string; readonly after: SessionPosition };

/** A message of a client. */
export type SubscriberRequest =
  { readonly begin: true; readonly subscription: Subscription } | { readonly begin: false; readonly subject: Subject };

const verbs = {
  subscribe: { begin: true, kind: 'job' },
  unsubscribe: { begin: false, kind: 'job' },
  subscribeSession: { begin: true, kind: 'session' },
  unsubscribeSession: { begin: false, kind: 'session' },
} as const;
type Verb = keyof typeof verbs;

/** Parses a client's message; a RemudaError says what is wrong with it. */
export function readSubscriberRequest(text: string): SubscriberRequest {
  const value = parseJson(text);
  if (!isRecord(value)) throw new RemudaError('request.malformed', 'A message must be a JSON object.');
  const { after, ...others } = value;
  const isVerb = (name: string): name is Verb => Object.hasOwn(verbs, name);
  const unknown = Object.keys(others).find((name) => !isVerb(name));
  if (unknown !== undefined) throw refused(unknown, 'is not a known field');
  const [verb = 'subscribe', another] = Object.keys(others).filter(isVerb);
  if (another !== undefined) throw refused(another, `cannot be combined with ${verb}`);
  const { begin, kind } = verbs[verb];
  const id = others[verb];
  if (typeof id !== 'string') throw refused(verb, `must be the id of a ${kind}`);
  return begin ? { begin, subscription: { id, ...placeOf(kind, after) } } : { begin, subject: { kind, id } };
}

type Place =
  { readonly kind: 'job'; readonly after: number } | { readonly kind: 'session'; readonly after: SessionPosition };

function placeOf(kind: Subject['kind'], after: unknown): Place {
  if (kind === 'session') return { kind, after: after === 0 ? sessionStart : readSessionPosition(after, 'after') };
  if (after === undefined) return { kind, after: 0 };
  if (typeof after !== 'number' || !Number.isSafeInteger(after) || after < 0)
    throw badPosition('after', 'must be the id of an event: a whole number, 0 or greater');
  return { kind, after };
}

/** The refusal of a message of a client. */
export function refused(path: string, message: string): RemudaError {
  return new RemudaError('request.invalid', `${path} ${message}`, { faults: [{ path, message }] });
}
