import { Transform } from 'node:stream';

/** Largest request body in bytes. */
export const maxBodyBytes = 64 * 1024 * 1024;

/** Passes a body on as it comes, and fails once it is larger than `maxBytes`. */
export function bodyLimit(maxBytes = maxBodyBytes): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(new Error(`The body is larger than ${maxBytes} bytes.`));
      else done(null, chunk);
    },
  });
}
