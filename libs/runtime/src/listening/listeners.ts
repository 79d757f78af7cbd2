import type { Server as HttpServer } from 'node:http';
import type { Server, Socket } from 'node:net';
import { ownSources } from '../source/allowed-sources.js';
import { admitSources, guardServer } from '../source/guard-server.js';
import { authority, listenOnAddress, listenOnSocket } from './sockets.js';

/**
 * Servers whose connections end on their own (`answers`), and those whose connections stay open until they are cut
 * (`lines`).
 */
export type ListenerKind = 'answers' | 'lines';

/** The servers of an app, opened one at a time and closed together. */
export class Listeners {
  private readonly open: Readonly<Record<ListenerKind, OpenListener[]>> = { answers: [], lines: [] };

  /** Opens a server on a unix socket with the mode; see `listenOnSocket`. */
  async onSocket(
    kind: ListenerKind,
    server: Server,
    where: { readonly path: string; readonly mode: number },
  ): Promise<void> {
    await listenOnSocket(server, where.path, where.mode);
    this.keep(kind, server);
  }

  /** Closes a server together with the others, whether it listens or is handed its connections. */
  keep(kind: ListenerKind, server: Server): void {
    this.open[kind].push(new OpenListener(server));
  }

  /**
   * Opens a server on a port of the loopback interface. Browsers can reach it too, so it answers programs only.
   * Resolves with its URL.
   */
  onLoopback(kind: ListenerKind, server: HttpServer, port: number): Promise<string> {
    return this.onAddress(kind, server, { host: '127.0.0.1', port, hosts: [] });
  }

  /** The same on any address of this machine; `hosts` are additional names by which it is reached. */
  async onAddress(
    kind: ListenerKind,
    server: HttpServer,
    { host, port, hosts }: { readonly host: string; readonly port: number; readonly hosts: readonly string[] },
  ): Promise<string> {
    const had = await listenOnAddress(guardServer(server, admitSources({ ...ownSources, hosts })), host, port);
    this.keep(kind, server);
    return `http://${authority(host, had)}`;
  }

  /** Accepts no new answers, waits up to `graceMs` for those in flight, then cuts the rest. */
  async close(graceMs: number): Promise<void> {
    await closeAll(this.open.answers, graceMs);
    await closeAll(this.open.lines, 0);
  }
}

class OpenListener {
  private readonly sockets = new Set<Socket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** Resolves when the last connection has ended; the server itself only counts those accepted on its own address. */
  async stop(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
    await Promise.all([...this.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

async function closeAll(listeners: readonly OpenListener[], graceMs: number): Promise<void> {
  const timer = setTimeout(() => {
    for (const listener of listeners) listener.cut();
  }, graceMs);
  await Promise.all(listeners.map((listener) => listener.stop()));
  clearTimeout(timer);
}
