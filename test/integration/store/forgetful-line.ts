import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a TCP server on this machine that can lose its connections, as a firewall does that is started again. */
export interface ForgetfulLine extends AsyncDisposable {
  readonly port: number;
  /** Open connections. */
  open(): number;
  /** Forgets all connections: neither end hears of it, until the client sends something and is told that there is none. */
  lose(): void;
}

/** Opens a way to a port. */
export async function openLine(to: number): Promise<ForgetfulLine> {
  const clients = new Set<Socket>();
  const servers = new WeakMap<Socket, Socket>();
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    clients.add(client);
    servers.set(client, upstream);
    client.on('error', () => undefined).on('close', () => clients.delete(client));
    upstream.on('error', () => undefined).on('close', () => client.end());
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    open: () => clients.size,
    lose: () => {
      for (const client of clients) {
        const upstream = servers.get(client);
        client.unpipe();
        upstream?.unpipe();
        upstream?.removeAllListeners('close');
        upstream?.destroy();
        client.on('data', () => client.resetAndDestroy()).resume();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
