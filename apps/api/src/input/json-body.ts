import type { IncomingHttpHeaders } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { TextDecoder } from 'node:util';
import { RemudaError } from '@remuda/domain';
import { JsonMeasure, maxValues } from './json-measure.js';
import { invalid } from './read-dto.js';

/** Bytes that are looked at before others have their turn. */
const sliceBytes = 256 * 1024;

/**
 * Reads a body as JSON; undefined for an empty one. A large one is taken a piece at a time, so that others have their turn in
 * between. Rejects with `request.unsupported_type` for an encoding or a charset that is none of ours, with `request.malformed`
 * for what is no UTF-8 or no JSON, and with `request.invalid` for one of more than 50,000 values.
 */
export async function readJsonBody(headers: IncomingHttpHeaders, body: Buffer): Promise<unknown> {
  requirePlain(headers);
  if (body.length === 0) return undefined;
  const text = await decode(body);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new RemudaError('request.malformed', 'The body is no JSON.', { cause });
  }
}

async function decode(body: Buffer): Promise<string> {
  const measure = new JsonMeasure();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const pieces: string[] = [];
  for (let from = 0; from < body.length; from += sliceBytes) {
    if (from > 0) await setImmediate();
    const slice = body.subarray(from, from + sliceBytes);
    if (measure.take(slice)) throw invalid([{ path: '', message: `must not have more than ${maxValues} values` }]);
    pieces.push(decodePiece(decoder, slice, from + sliceBytes < body.length));
  }
  return pieces.join('');
}

function decodePiece(decoder: TextDecoder, slice: Buffer, stream: boolean): string {
  try {
    return decoder.decode(slice, { stream });
  } catch (cause) {
    throw new RemudaError('request.malformed', 'The body is not UTF-8.', { cause });
  }
}

function requirePlain({
  'content-encoding': encoding = 'identity',
  'content-type': type = '',
}: IncomingHttpHeaders): void {
  if (encoding.toLowerCase() !== 'identity')
    throw new RemudaError(
      'request.unsupported_type',
      `A body is taken as it is, not as ${JSON.stringify(encoding.slice(0, 50))}.`,
    );
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1] ?? 'utf-8';
  if (!/^(utf-?8|us-ascii)$/i.test(charset))
    throw new RemudaError('request.unsupported_type', `A body is UTF-8, not ${JSON.stringify(charset.slice(0, 50))}.`);
}
