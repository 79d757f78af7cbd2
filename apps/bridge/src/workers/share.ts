import type { Server, Socket } from 'node:net';

/** One worker's share of a listener. */
export interface Share {
  /** Maximum number of connections; more are closed at once. */
  readonly connections: number;
}

/** Timeout of a connection that sends nothing, in ms. */
export const silenceMs = 1_000;

/**
 * Enforces a server's share, whichever way connections arrive: one that sends nothing within `silenceMs`, or exceeds
 * the number, is closed.
 */
export function holdToShare(server: Server, { connections }: Share): SharedServer {
  return new SharedServer(server, connections);
}

/** A server with an enforced share, which also takes connections that arrived at another address. */
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

  /** Serves a connection as if it had arrived at an address of its own. */
  take(socket: Socket): void {
    // An HTTP server only monitors its connections, and closes idle ones, once it listens.
    if (!this.server.listening && !this.#watches) this.server.emit('listening');
    this.#watches = true;
    this.#count(1);
    socket.once('close', () => {
      this.#count(-1);
    });
    this.server.emit('connection', socket);
  }

  /** The server itself only counts connections at its own address; a limit of 0 would mean none. */
  #count(more: number): void {
    this.#handed += more;
    const left = this.most - this.#handed;
    this.server.maxConnections = left > 0 ? left : -1;
  }
}

/** Bytes sent to authenticate do not count. */
function closeIfSilent(socket: Socket): void {
  const before = socket.bytesRead;
  afterSilence(socket, () => {
    if (socket.bytesRead === before) socket.destroy();
  });
}

/**
 * Calls back after `silenceMs`, unless the socket has closed or the returned function was called. Data that arrived by
 * then has been read first: in a process that was blocked, timers are due before pending input is read.
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

/** Counts the bytes in flight of one worker. */
export class BytesUnderWay {
  #taken = 0;

  constructor(private readonly most: number) {}

  /** Reserves bytes; returns a function that releases them, or undefined if the limit would be exceeded. */
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
