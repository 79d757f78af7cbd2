import type { Socket } from 'node:net';

/** How many bytes from a waiting client are buffered. */
const maxBytes = 65_536;

/**
 * Does work for a waiting client, with a signal that aborts when it disconnects: a socket that nobody reads does not
 * report its end. What the client sends meanwhile can be read afterwards.
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
