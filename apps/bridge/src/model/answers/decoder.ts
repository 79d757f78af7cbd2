import { PassThrough, type Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

const soon = { flush: constants.Z_SYNC_FLUSH };

/** A decoder for this `content-encoding`; undefined if it is not supported, or encoded more than once. */
export function decoderFor(encoding: string | undefined): Transform | undefined {
  switch ((encoding ?? '').trim().toLowerCase()) {
    case '':
    case 'identity':
      return new PassThrough();
    case 'gzip':
    case 'x-gzip':
      return createGunzip(soon);
    case 'deflate':
      return createInflate(soon);
    case 'br':
      return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
    default:
      return undefined;
  }
}
