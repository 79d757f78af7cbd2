import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { RemudaError } from '@remuda/domain';
import { JsonMeasure, maxValues } from './json-measure.js';
import { parse, readJson } from './json-reader.js';
import { lookForUnsafe } from './plain-json.js';
import { invalid } from './read-dto.js';

/** Bytes that are processed before other work gets a turn: some tenths of a millisecond. */
const sliceBytes = 64 * 1024;
const byteOrderMark = Buffer.from('\ufeff');

/**
 * Parses a body as JSON; undefined for an empty one. A large one is parsed in slices, so that other work gets a turn in
 * between. Rejects with `request.unsupported_type` for an unsupported encoding or charset, with `request.malformed` for
 * invalid UTF-8 or JSON, and with `request.invalid` for more than 50,000 values, or unsafe content.
 */
export async function readJsonBody(headers: IncomingHttpHeaders, body: Buffer): Promise<unknown> {
  requirePlain(headers);
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new RemudaError('request.malformed', 'The body is not UTF-8.');
  await requireFewValues(body);
  const text = body.subarray(0, 3).equals(byteOrderMark) ? body.subarray(byteOrderMark.length) : body;
  const value = text.length <= sliceBytes ? parse(text.toString()) : await inTurns(readJson(text, sliceBytes));
  const fault = await inTurns(lookForUnsafe(value));
  if (fault) throw invalid([fault]);
  return value;
}

/** Values are counted before they are created: they are most of the work, and of the memory. */
async function requireFewValues(body: Buffer): Promise<void> {
  const measure = new JsonMeasure();
  for (let from = 0; from < body.length; from += sliceBytes) {
    if (from > 0) await setImmediate();
    if (measure.take(body.subarray(from, from + sliceBytes)))
      throw invalid([{ path: '', message: `must not have more than ${maxValues} values` }]);
  }
}

/** Runs work step by step, with a turn of the event loop after each step. */
async function inTurns<T>(work: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await setImmediate();
  }
}
function requirePlain({
  'content-encoding': encoding = 'identity',
  'content-type': type = '',
}: IncomingHttpHeaders): void {
  if (encoding.toLowerCase() !== 'identity')
    throw new RemudaError(
      'request.unsupported_type',
      `The content encoding ${JSON.stringify(encoding.slice(0, 50))} is not supported; send the body uncompressed.`,
    );
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1] ?? 'utf-8';
  if (!/^(utf-?8|us-ascii)$/i.test(charset))
    throw new RemudaError(
      'request.unsupported_type',
      `The charset ${JSON.stringify(charset.slice(0, 50))} is not supported; send UTF-8.`,
    );
}
