import { notOpen, type Fault } from './allowance.js';
import { outlineOf } from './outline.js';

/** More values than fit a context of a million tokens. */
const maxValues = 1_000_000;
const maxDepth = 256;

/** The parsed body, or why it cannot be parsed. If a name appears twice in an object, the last one counts. */
export function parseBody(bytes: Buffer): { readonly value: unknown } | Fault {
  const { values, depth } = outlineOf(bytes);
  if (values > maxValues) return notOpen(`a body of more than ${String(maxValues)} values`);
  if (depth > maxDepth) return notOpen(`a body nested deeper than ${String(maxDepth)}`);
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown };
  } catch {
    return notOpen('a body that is not JSON in UTF-8');
  }
}
