import { createHash } from 'node:crypto';
import type { Given } from '../request/arguments.js';

/** A text that is not written down: its length, and enough of a hash to find the same again. */
const hidden = (text: string): string =>
  `<${String(text.length)} characters, sha256 ${createHash('sha256').update(text).digest('hex').slice(0, 12)}>`;

/** The arguments of a run as they are written down: flags and harmless values as they are, all other text hidden. */
export function shownArguments({ flags, words }: Given): string[] {
  const shown = flags.flatMap(({ name, flag, values }) =>
    values.length === 0
      ? [name]
      : values.map((value) => `${name}=${flag.shown && value.length <= 200 ? value : hidden(value)}`),
  );
  return [...shown, ...words.map(hidden)];
}
