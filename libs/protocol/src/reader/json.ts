/** The value of a JSON text, or undefined where it is none. */
export function parseJson(text: string): unknown {
  // Often what is asked for is not there, and an exception costs more than all else here.
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a value is a plain object (not null, no array). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
