import { RemudaError } from '@remuda/domain';

/** Reads the id of the last event that a client has (`Last-Event-ID`, `after`); none is 0. Anything but a whole number is `event_id.invalid`. */
export function readPosition(text: unknown, path: string): number {
  if (text === undefined || text === '') return 0;
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw badPosition(path, 'must be the id of an event: a whole number from 0');
}

/** The refusal of a position in a stream. */
export function badPosition(path: string, message: string): RemudaError {
  return new RemudaError('event_id.invalid', `${path} ${message}`, { faults: [{ path, message }] });
}

/** In which form a client wants the events. */
export type EventForm = 'sse' | 'json';

/** Chooses the form by `?format=`, else by `Accept`; `request.not_acceptable` where neither form would do. */
export function chooseForm(accept: string | undefined, format: EventForm | undefined): EventForm {
  if (format !== undefined) return format;
  const types = (accept ?? '*/*').split(',').map((part) => part.split(';', 1)[0]?.trim().toLowerCase());
  if (types.includes('text/event-stream')) return 'sse';
  if (types.includes('application/json')) return 'json';
  if (types.includes('*/*') || types.includes('text/*')) return 'sse';
  throw new RemudaError('request.not_acceptable', 'Events come as text/event-stream or application/json.');
}
