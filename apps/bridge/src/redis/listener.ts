import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { BridgeMetrics } from '../metrics.js';
import type { RedisAddress, RedisWhereabouts } from './whereabouts.js';

/**
 * A Redis listener for workers without a network: passes bytes on in both directions; when one end closes, so does the
 * other.
 */
export function createRedisListener(redis: RedisWhereabouts, metrics: Pick<BridgeMetrics, 'connections'>): Server {
  const lines = new Set<Socket>();
  const unlisten = redis.onMove?.(() => {
    for (const near of lines) near.destroy();
  });
  const server = createServer({ noDelay: true }, (near) => {
    const address = redis.now();
    // A client that is turned away reconnects, as in any outage.
    if (!address) {
      near.destroy();
      return;
    }
    const far = dial(address);
    metrics.connections.inc({ listener: 'redis' });
    lines.add(near);
    near.once('close', () => {
      lines.delete(near);
      metrics.connections.dec({ listener: 'redis' });
    });
    join(near, far);
  });
  server.once('close', () => unlisten?.());
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
