import { RemudaError, parsePosition, sessionStart, type SessionPosition } from '@remuda/domain';

/**
 * Parses the id of the last event that a client has (`Last-Event-ID`, `after`); none means 0. Anything but a whole
 * number is `event_id.invalid`.
 */
export function readPosition(text: unknown, path: string): number {
  if (text === undefined || text === '') return 0;
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw badPosition(path, 'must be the id of an event: a whole number, 0 or greater');
}

/** Parses the id of the last event of a session that a client has, as `3.17`; none means the beginning. */
export function readSessionPosition(text: unknown, path: string): SessionPosition {
  if (text === undefined || text === '') return sessionStart;
  const position = typeof text === 'string' ? parsePosition(text) : undefined;
  if (position) return position;
  throw badPosition(path, 'must be the id of an event of a session: <turn>.<event>, as 3.17');
}

/** The refusal of a stream position. */
export function badPosition(path: string, message: string): RemudaError {
  return new RemudaError('event_id.invalid', `${path} ${message}`, { faults: [{ path, message }] });
}

/** The format of the events for a client. */
export type EventForm = 'sse' | 'json';

const forms = { sse: 'text/event-stream', json: 'application/json' } as const satisfies Record<EventForm, string>;

/**
 * Chooses the format by `?format=`, otherwise by `Accept`: the one with the greater weight; with equal weights the more
 * specific one, then SSE. `request.not_acceptable` if neither is acceptable.
 */
export function chooseForm(accept: string | undefined, format: EventForm | undefined): EventForm {
  if (format !== undefined) return format;
  const ranges = readAccept(accept === undefined || accept.trim() === '' ? '*/*' : accept);
  const [sse, json] = [rankOf(forms.sse, ranges), rankOf(forms.json, ranges)];
  if (sse.weight === 0 && json.weight === 0)
    throw new RemudaError('request.not_acceptable', 'Events are sent as text/event-stream or application/json.');
  if (sse.weight !== json.weight) return sse.weight > json.weight ? 'sse' : 'json';
  return sse.closeness >= json.closeness ? 'sse' : 'json';
}

interface Rank {
  /** `q`: 0 to 1. */
  readonly weight: number;
  /** 3 for the exact type, 2 for `text/*`, 1 for any, 0 if it is not named. */
  readonly closeness: number;
}

function readAccept(accept: string): ReadonlyMap<string, number> {
  const parts = accept.toLowerCase().split(',');
  return new Map(
    parts.map((part) => {
      const [type = '', ...parameters] = part.split(';').map((text) => text.trim());
      const q = parameters.map((text) => /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(text)?.[1]).find(Boolean);
      return [type, q === undefined ? 1 : Number(q)] as const;
    }),
  );
}

/** The most specific matching range of a type decides (RFC 9110, 12.5.1). */
function rankOf(type: string, ranges: ReadonlyMap<string, number>): Rank {
  const weights = [type, type.replace(/\/.*/, '/*'), '*/*'].map((range) => ranges.get(range));
  const closest = weights.findIndex((weight) => weight !== undefined);
  return { weight: weights[closest] ?? 0, closeness: closest < 0 ? 0 : 3 - closest };
}
