/** The value of a JSON text, or undefined if it is invalid. */
export function parseJson(text: string): unknown {
  // Often there is no value, and an exception would cost more than everything else here.
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a value is a plain object (neither null nor an array). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
