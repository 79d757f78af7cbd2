import type { Server as HttpServer } from 'node:http';
import type { Server, Socket } from 'node:net';
import { admitSources, guardServer, ownSources } from '@remuda/runtime';
import { authority, listenOnAddress, listenOnSocket } from './sockets.js';

/** What ends by itself (`answers`), and what stays open until it is cut (`lines`). */
export type ListenerKind = 'answers' | 'lines';

/** The servers of a bridge, opened one by one and closed together. */
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

  /** Has a server closed with the others, whether it listens or is given its connections. */
  keep(kind: ListenerKind, server: Server): void {
    this.open[kind].push(new OpenListener(server));
  }

  /**
   * Opens a server on a port of the loopback interface, which a browser's pages reach as well: it answers programs only.
   * Resolves with its URL.
   */
  onLoopback(kind: ListenerKind, server: HttpServer, port: number): Promise<string> {
    return this.onAddress(kind, server, { host: '127.0.0.1', port, hosts: [] });
  }

  /** The same on any address of this machine; `hosts` are the names besides by which it is reached. */
  async onAddress(
    kind: ListenerKind,
    server: HttpServer,
    { host, port, hosts }: { readonly host: string; readonly port: number; readonly hosts: readonly string[] },
  ): Promise<string> {
    const had = await listenOnAddress(guardServer(server, admitSources({ ...ownSources, hosts })), host, port);
    this.keep(kind, server);
    return `http://${authority(host, had)}`;
  }

  /** Takes no more answers on, waits up to `graceMs` for those under way, then cuts what is left. */
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

  /** Resolves when the last connection has ended; the server itself knows only of those that came by its own address. */
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
