import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { BridgeMetrics } from '../metrics.js';

/** Where Redis is: a TCP address, with TLS or without, or a unix socket. */
export type RedisAddress =
  { readonly host: string; readonly port: number; readonly tls: boolean } | { readonly path: string };

/** Most connections at a time; a worker has three or four. */
const maxConnections = 5_000;

/** The address in a Redis URL; user, password and database in it are of no use here: each worker brings its own user. */
export function redisAddress(url: URL): RedisAddress {
  if (url.protocol === 'redis+unix:') return { path: decodeURIComponent(url.pathname) };
  const host = url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  return { host, port: Number(url.port || 6379), tls: url.protocol === 'rediss:' };
}

/** A door to Redis for workers without a network: bytes pass both ways as they come, and when one end goes the other does. */
export function createRedisDoor(address: RedisAddress, metrics: Pick<BridgeMetrics, 'connections'>): Server {
  const server = createServer({ noDelay: true }, (near) => {
    const far = dial(address);
    metrics.connections.inc({ door: 'redis' });
    near.once('close', () => {
      metrics.connections.dec({ door: 'redis' });
    });
    join(near, far);
  });
  server.maxConnections = maxConnections;
  return server;
}

function dial(address: RedisAddress): Socket {
  if ('path' in address) return connect({ path: address.path });
  const { host, port, tls } = address;
  return tls
    ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }) })
    : connect({ host, port, noDelay: true });
}

function join(near: Socket, far: Socket): void {
  near.pipe(far).pipe(near);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.once('error', () => other.destroy());
    one.once('close', () => other.destroy());
  }
}
