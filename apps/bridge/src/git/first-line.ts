import type { Socket } from 'node:net';
import { afterSilence } from '../workers/share.js';

/** Maximum length of the first line in bytes; tokens are far shorter. */
const maxBytes = 4_096;

/**
 * The first line that arrives on a connection; the rest stays unread. Undefined if none arrives in time or it is too
 * long.
 */
export function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const end = (line: string | undefined): void => {
      forget();
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      socket.pause();
      resolve(line);
    };
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const at = seen.indexOf(0x0a);
      if (at < 0) {
        if (seen.length > maxBytes) end(undefined);
        return;
      }
      const rest = seen.subarray(at + 1);
      end(seen.subarray(0, at).toString('utf8'));
      if (rest.length > 0) socket.unshift(rest);
    };
    const onEnd = (): void => {
      end(undefined);
    };
    const forget = afterSilence(socket, onEnd);
    socket.on('data', onData).once('end', onEnd).once('close', onEnd);
  });
}
