import type { Socket } from 'node:net';

/** So much of what a client says before it is its turn is kept, in bytes. */
const maxBytes = 65_536;

/**
 * Does work for a client that waits, with a signal that aborts when it leaves: a connection that nobody reads from does not show its end.
 * What the client says meanwhile can be read afterwards.
 */
export async function whileWaiting<T>(socket: Socket, work: (left: AbortSignal) => Promise<T>): Promise<T> {
  const leaving = new AbortController();
  const said: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    said.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) socket.pause();
  };
  const onEnd = (): void => {
    leaving.abort();
  };
  socket.on('data', onData).once('end', onEnd).once('close', onEnd).resume();
  try {
    return await work(leaving.signal);
  } finally {
    socket.pause().off('data', onData).off('end', onEnd).off('close', onEnd);
    if (bytes > 0 && !socket.readableEnded && !socket.destroyed) socket.unshift(Buffer.concat(said));
  }
}
