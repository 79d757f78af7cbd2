import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Idempotency } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { invalid } from '../../input/read-dto.js';

const visible = /^[\u0021-\u007e]{1,200}$/;

/** Characters that are hashed before other work gets a turn. */
const sliceChars = 64 * 1024;

/** The idempotency key for this body; rejects with `request.invalid` if it is invalid. */
export async function readIdempotency(key: string | undefined, body: unknown): Promise<Idempotency | undefined> {
  if (key === undefined) return undefined;
  if (!visible.test(key))
    throw invalid([{ path: 'Idempotency-Key', message: 'must have 1 to 200 visible ASCII characters' }]);
  const hash = createHash('sha256');
  let waiting = '';
  for (const piece of canonicalJson(body)) {
    waiting += piece;
    if (waiting.length < sliceChars) continue;
    hash.update(waiting);
    waiting = '';
    await setImmediate();
  }
  return { key, fingerprint: hash.update(waiting).digest('hex') };
}

/** A value's JSON with sorted keys, in pieces: the same for equivalent bodies. */
export function* canonicalJson(value: unknown): Generator<string> {
  if (typeof value === 'string') yield* quoted(value);
  else if (Array.isArray(value))
    yield* list(
      '[',
      value.map((each: unknown) => () => canonicalJson(each)),
      ']',
    );
  else if (isRecord(value))
    yield* list(
      '{',
      Object.keys(value)
        .sort()
        .map((name) => () => member(name, value[name])),
      '}',
    );
  else yield JSON.stringify(value);
}

function* list(begin: string, members: readonly (() => Generator<string>)[], end: string): Generator<string> {
  yield begin;
  for (const [i, each] of members.entries()) {
    if (i > 0) yield ',';
    yield* each();
  }
  yield end;
}

function* member(name: string, value: unknown): Generator<string> {
  yield `${JSON.stringify(name)}:`;
  yield* canonicalJson(value);
}

/** A text in pieces that do not split a surrogate pair. */
function* quoted(text: string): Generator<string> {
  yield '"';
  for (let from = 0, to; from < text.length; from = to) {
    to = from + sliceChars;
    if (isFirstOfPair(text.charCodeAt(to - 1))) to++;
    yield JSON.stringify(text.slice(from, to)).slice(1, -1);
  }
  yield '"';
}

const isFirstOfPair = (unit: number): boolean => unit >> 10 === 0xd800 >> 10;
