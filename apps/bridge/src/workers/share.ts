import type { Server, Socket } from 'node:net';

/** What one worker may take of a listener. */
export interface Share {
  /** Most connections at a time; one more is closed at once. */
  readonly connections: number;
}

/** Within this time, in ms, a connection that says nothing is closed. */
export const silenceMs = 1_000;

/** Holds a server to its share: who has said nothing within `silenceMs`, or comes on top of it, is closed. */
export function holdToShare(server: Server, { connections }: Share): void {
  server.maxConnections = connections;
  server.on('connection', closeIfSilent);
}

function closeIfSilent(socket: Socket): void {
  afterSilence(socket, () => {
    if (socket.bytesRead === 0) socket.destroy();
  });
}

/**
 * Calls back `silenceMs` after now, unless the socket has closed or the returned function was called. What had come by then has been
 * read: a process that was held up itself finds its timers due before it has looked at what its clients said meanwhile.
 */
export function afterSilence(socket: Socket, call: () => void): () => void {
  let ended = false;
  const timer = setTimeout(() => setImmediate(() => (ended ? undefined : call())), silenceMs);
  const end = (): void => {
    ended = true;
    clearTimeout(timer);
  };
  socket.once('close', end);
  return end;
}

/** Counts bytes that are under way at a time, of one worker. */
export class BytesUnderWay {
  #taken = 0;

  constructor(private readonly most: number) {}

  /** Room for so many bytes, to be given back by a call; undefined where they would be too many. */
  take(bytes: number): (() => void) | undefined {
    if (this.#taken + bytes > this.most) return undefined;
    this.#taken += bytes;
    let taken = bytes;
    return () => {
      this.#taken -= taken;
      taken = 0;
    };
  }
}
