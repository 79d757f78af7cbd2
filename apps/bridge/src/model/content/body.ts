import type { IncomingMessage } from 'node:http';
import { notOpen, type Fault } from './allowance.js';
import { outlineOf } from './outline.js';

/** Maximum size of a request body in bytes: the API's own limit. */
export const maxBodyBytes = 32 * 1024 * 1024;
/** More values than fit a context of a million tokens. */
const maxValues = 1_000_000;
const maxDepth = 256;

/** Reads a request's body to its end; `left` if the client disconnects, `too_large` as soon as it exceeds the limit. */
export function readBody(request: IncomingMessage): Promise<Buffer | 'left' | 'too_large'> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return Promise.resolve('too_large');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) return void chunks.push(chunk);
      chunks.length = 0;
      request.pause();
      resolve('too_large');
    });
    request.once('end', () => {
      resolve(Buffer.concat(chunks));
    });
    request.once('close', () => {
      resolve('left');
    });
  });
}

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
