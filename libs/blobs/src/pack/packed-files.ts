import { createGzip } from 'node:zlib';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.js';
import { through } from './unpack.js';

/** A tar.gz of these files, by their paths. */
export function packed(files: Readonly<Record<string, Uint8Array>>): AsyncIterable<Uint8Array> {
  return through(tarOf(files), createGzip({ level: 1 }));
}

async function* tarOf(files: Readonly<Record<string, Uint8Array>>): AsyncGenerator<Uint8Array> {
  for (const [path, content] of Object.entries(files)) {
    yield await Promise.resolve(tarHeader({ path, kind: 'file', bytes: content.byteLength, isExecutable: false }));
    yield content;
    yield tarPadding(content.byteLength);
  }
  yield tarEnd;
}
