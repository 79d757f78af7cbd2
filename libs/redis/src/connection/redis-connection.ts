import type { Redis } from 'ioredis';

/** A connection to Redis that reconnects for ever. Only this lib sends commands over it. */
export interface RedisConnection {
  /** Whether Redis can be asked right now. */
  readonly isUp: boolean;
  /**
   * Its current remote address: with sentinels, the current master's. Undefined while it is down, and over a unix
   * socket.
   */
  readonly peer: { readonly host: string; readonly port: number } | undefined;
  /** Rejects if Redis does not answer. */
  ping(): Promise<unknown>;
  /** Calls back each time that the connection was made. */
  onUp(listener: () => void): void;
  /** Calls back each time that the connection was lost. */
  onDown(listener: () => void): void;
  /** Closes it. Safe to call twice. */
  close(): void;
}

/** The lib's own interface for sending commands. */
const clients = new WeakMap<RedisConnection, Redis>();

/** The client of a connection: it never leaves the lib. */
export function clientOf(connection: RedisConnection): Redis {
  const client = clients.get(connection);
  if (!client) throw new TypeError('Use connectRedis to make a connection.');
  return client;
}

/** The connection that a client makes. */
export function connectionOf(client: Redis): RedisConnection {
  const connection = wordsOf(client);
  clients.set(connection, client);
  return connection;
}

/** The same, if the client is the connection itself: for tests that inspect Redis. */
export function rawConnectionOf(client: Redis): Redis & RedisConnection {
  const { ping: _its, ...words } = Object.getOwnPropertyDescriptors(wordsOf(client));
  const connection = Object.defineProperties(client, words) as Redis & RedisConnection;
  clients.set(connection, client);
  return connection;
}

function wordsOf(client: Redis): RedisConnection {
  return {
    get isUp() {
      return client.status === 'ready';
    },
    get peer() {
      return this.isUp ? peerOf(client.stream) : undefined;
    },
    ping: () => client.ping(),
    onUp: (listener) => void client.on('ready', listener),
    onDown: (listener) => void client.on('close', listener),
    close: () => {
      client.disconnect();
    },
  };
}

function peerOf(stream: Redis['stream']): RedisConnection['peer'] {
  const { remoteAddress: host, remotePort: port } = stream as { remoteAddress?: string; remotePort?: number };
  return host === undefined || port === undefined ? undefined : { host, port };
}
