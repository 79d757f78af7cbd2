import type { WorkerScreen } from '@remuda/domain';
import { isUnderstood, messageFormats } from '../format.js';
import { isRecord, parseJson } from '../reader/json.js';
import { idText, optional, shape, span, textUpTo } from '../reader/shape.js';

/** Maximum length of a screen, in characters: four times what a session without a person has. */
const maxScreenLength = 40_000;

/** Maximum size of a screen as it is stored, in bytes: a character can take six of them. */
export const maxScreenBytes = 256 * 1024;

/** How long a worker keeps what it shows, in ms: longer than those who look wait before they ask again. */
export const screenKeptMs = 20_000;

/** Writes a screen for those who look. */
export function encodeScreen({ text, ...rest }: WorkerScreen): string {
  return JSON.stringify({ v: messageFormats.own, ...rest, text: text.slice(0, maxScreenLength) });
}

const readScreen = shape<WorkerScreen>({
  ...{ at: span, asked: span, job: optional(idText), text: textUpTo(maxScreenLength) },
});

/** Reads a screen; undefined for anything else. It comes from a container. */
export function decodeScreen(text: string): WorkerScreen | undefined {
  const value = parseJson(text);
  return isRecord(value) && isUnderstood(value['v']) ? readScreen(value) : undefined;
}
