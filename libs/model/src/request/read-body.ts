import type { IncomingMessage } from 'node:http';

/** Maximum size of a request body in bytes: the API's own limit. */
export const maxBodyBytes = 32 * 1024 * 1024;

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
