import type { Server, Socket } from 'node:net';

/** What one worker may take of a listener. */
export interface Share {
  /** Most connections at a time; one more is closed at once. */
  readonly connections: number;
}

/** Within this time, in ms, a connection that says nothing is closed. */
export const silenceMs = 1_000;

/**
 * Holds a server to its share, whichever way connections come: who has said nothing within `silenceMs`, or comes on top of it, is
 * closed.
 */
export function holdToShare(server: Server, { connections }: Share): SharedServer {
  return new SharedServer(server, connections);
}

/** A server that is held to its share, and takes connections that came by another's address. */
export class SharedServer {
  #open = 0;
  #handed = 0;
  #watches = false;

  constructor(
    readonly server: Server,
    private readonly most: number,
  ) {
    server.maxConnections = most;
    server.on('connection', (socket: Socket) => {
      this.#open++;
      socket.once('close', () => this.#open--);
      closeIfSilent(socket);
    });
  }

  /** Whether its share has room for one more. */
  get hasRoom(): boolean {
    return this.#open < this.most;
  }

  /** Serves a connection as if it had come by an address of its own. */
  take(socket: Socket): void {
    // An HTTP server watches over its connections, and closes idle ones with itself, from the moment in which it listens.
    if (!this.server.listening && !this.#watches) this.server.emit('listening');
    this.#watches = true;
    this.#count(1);
    socket.once('close', () => {
      this.#count(-1);
    });
    this.server.emit('connection', socket);
  }

  /** The server itself counts only what comes by its own address; 0 would be no limit at all to it. */
  #count(more: number): void {
    this.#handed += more;
    const left = this.most - this.#handed;
    this.server.maxConnections = left > 0 ? left : -1;
  }
}

/** What it said to be let in does not count. */
function closeIfSilent(socket: Socket): void {
  const before = socket.bytesRead;
  afterSilence(socket, () => {
    if (socket.bytesRead === before) socket.destroy();
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
