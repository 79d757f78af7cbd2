import type { Reader } from './shape.js';

/** Reads a sha256 in hex. */
export const hash: Reader<string> = (value) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : undefined;
