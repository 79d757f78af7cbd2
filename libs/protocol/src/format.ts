/**
 * Two format numbers tell whether programs of different releases are compatible: docs/adr/0011 says what they cover,
 * and when they are raised. A missing number means 1, since early releases wrote none.
 */

/** The formats that a release understands, from `oldest` to `own`; it writes `own`. */
export interface Formats {
  readonly own: number;
  readonly oldest: number;
}

/** Of the keys in Redis, and their contents. */
export const storageFormats: Formats = { own: 1, oldest: 1 };

/**
 * Of messages between apps: assignments, control messages, reports, a worker's profile, grants, and workers' requests
 * to bridges.
 */
export const messageFormats: Formats = { own: 1, oldest: 1 };

/**
 * Compatibility of a format: `older` is still understood, `outdated` no longer, `newer` not yet, and `unreadable` is
 * not a format.
 */
export type Fit = 'equal' | 'older' | 'outdated' | 'newer' | 'unreadable';

/** The compatibility of a format. If absent, it is 1. Pure. */
export function fitOf(format: unknown, { own, oldest }: Formats = messageFormats): Fit {
  const number = format === undefined ? 1 : format;
  if (!isFormat(number)) return 'unreadable';
  if (number === own) return 'equal';
  if (number > own) return 'newer';
  return number < oldest ? 'outdated' : 'older';
}

/** Whether this format is understood. Pure. */
export function isUnderstood(format: unknown, formats: Formats = messageFormats): boolean {
  const fit = fitOf(format, formats);
  return fit === 'equal' || fit === 'older';
}

/** The format of a message; undefined if it has no valid one. */
export function formatIn(message: Readonly<Record<string, unknown>>): number | undefined {
  const { v = 1 } = message;
  return isFormat(v) ? v : undefined;
}

/** What an app does at start-up, depending on the format in Redis. */
export type StoragePlan =
  | { readonly kind: 'keep' }
  /** Migrate the keys from this format, then write ours. */
  | { readonly kind: 'raise'; readonly from: number }
  | { readonly kind: 'refuse'; readonly why: Exclude<Fit, 'equal' | 'older'> };

/** Decides by the stored text, `undefined` if there is none. Pure. */
export function planStorage(found: string | undefined, formats: Formats = storageFormats): StoragePlan {
  const format = found === undefined ? 1 : /^[1-9][0-9]*$/.test(found) ? Number(found) : found;
  const fit = fitOf(format, formats);
  if (fit === 'equal' && found !== undefined) return { kind: 'keep' };
  if (fit === 'equal' || fit === 'older') return { kind: 'raise', from: Number(format) };
  return { kind: 'refuse', why: fit };
}

/** The understood formats, for a person. */
export function formatsText({ own, oldest }: Formats): string {
  return own === oldest ? String(own) : `${String(oldest)} to ${String(own)}`;
}

function isFormat(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
