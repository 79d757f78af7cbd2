/**
 * Two numbers by which programs of different releases know whether they understand each other: what each is of, and when it is
 * raised, is in docs/adr/0011. Where a number should be and none is, it is 1: so releases wrote that had none yet.
 */

/** What a release understands: formats from `oldest` to `own`; it writes `own`. */
export interface Formats {
  readonly own: number;
  readonly oldest: number;
}

/** Of the keys in Redis, and of what they hold. */
export const storageFormats: Formats = { own: 1, oldest: 1 };

/** Of what apps tell each other: assignments, control messages, reports, a worker's profile, grants, and what workers ask bridges for. */
export const messageFormats: Formats = { own: 1, oldest: 1 };

/** How a format fits what is understood: `older` is understood, `outdated` no longer, `newer` not yet, and `unreadable` is no format. */
export type Fit = 'equal' | 'older' | 'outdated' | 'newer' | 'unreadable';

/** How a format that was read fits. Absent, it is 1. Pure. */
export function fitOf(format: unknown, { own, oldest }: Formats = messageFormats): Fit {
  const number = format === undefined ? 1 : format;
  if (!isFormat(number)) return 'unreadable';
  if (number === own) return 'equal';
  if (number > own) return 'newer';
  return number < oldest ? 'outdated' : 'older';
}

/** Whether what has this format is understood. Pure. */
export function isUnderstood(format: unknown, formats: Formats = messageFormats): boolean {
  const fit = fitOf(format, formats);
  return fit === 'equal' || fit === 'older';
}

/** The format that a message says it has; undefined where it says none that could be one. */
export function formatIn(message: Readonly<Record<string, unknown>>): number | undefined {
  const { v = 1 } = message;
  return isFormat(v) ? v : undefined;
}

/** What an app does at its start, by the format that it finds in Redis. */
export type StoragePlan =
  | { readonly kind: 'keep' }
  /** What is there is to be translated, from this format on, and then ours is to be written. */
  | { readonly kind: 'raise'; readonly from: number }
  | { readonly kind: 'refuse'; readonly why: Exclude<Fit, 'equal' | 'older'> };

/** Decides by the text that stands there, `undefined` where there is none. Pure. */
export function planStorage(found: string | undefined, formats: Formats = storageFormats): StoragePlan {
  const format = found === undefined ? 1 : /^[1-9][0-9]*$/.test(found) ? Number(found) : found;
  const fit = fitOf(format, formats);
  if (fit === 'equal' && found !== undefined) return { kind: 'keep' };
  if (fit === 'equal' || fit === 'older') return { kind: 'raise', from: Number(format) };
  return { kind: 'refuse', why: fit };
}

/** Says what is understood, for a person. */
export function formatsText({ own, oldest }: Formats): string {
  return own === oldest ? String(own) : `${String(oldest)} to ${String(own)}`;
}

function isFormat(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
