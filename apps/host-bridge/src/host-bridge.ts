import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { RemudaError, type Clock } from '@remuda/domain';
import { createDirectServer, openUpstream } from '@remuda/model';
import { createAdminServer, Listeners, makeOwnFolder, type Logger } from '@remuda/runtime';
import { AuditLog } from './audit/audit-log.js';
import type { Client } from './clients/client.js';
import { ClientDesk } from './client-desk.js';
import { Connection, type ConnectionParts } from './connection/connection.js';
import type { HostEnvironment } from './environment.js';
import { createHostBridgeMetrics } from './metrics.js';
import { MemoryGroups } from './program/memory-groups.js';
import { openHome } from './program/home.js';
import { Starter } from './program/starter.js';
import { createTlsServer } from './tcp/tls-server.js';
import { Turns } from './turns/turns.js';

/** Parts of a host bridge, in addition to its environment. */
export interface HostBridgeParts {
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a bridge does now. */
export interface HostBridgeState {
  readonly running: number;
  readonly waiting: number;
  /** Whether it takes runs. */
  readonly healthy: boolean;
  /** Names of the clients that have a connection. */
  readonly connected: readonly string[];
}

/** A running host bridge. */
export interface HostBridge {
  readonly adminUrl: string;
  /** `host:port` of the TCP listener; absent if that is off. */
  readonly tcp?: string;
  state(): HostBridgeState;
  /** Accepts nothing new, waits up to `graceMs` (10 s) for runs, ends the rest, removes the sockets. */
  close(graceMs?: number): Promise<void>;
}

/** How long runs may continue after the bridge was told to stop, in ms. */
export const closeGraceMs = 10_000;

/** Opens all listeners. Rejects with `config.invalid` if one cannot be opened; then none is left open. */
export async function startHostBridge(environment: HostEnvironment, parts: HostBridgeParts): Promise<HostBridge> {
  const { settings, clients, credential } = environment;
  const { clock, log } = parts;
  const { stateDir } = settings;
  makeOwnFolder(stateDir, 0o700);
  const audit = new AuditLog(
    { path: join(stateDir, 'audit.jsonl'), maxBytes: settings.auditMaxMb * 1024 * 1024, keep: settings.auditKeep },
    clock,
  );
  const turns = new Turns({ running: settings.running, waiting: settings.waiting }, clock);
  const metrics = createHostBridgeMetrics(turns);
  const listeners = new Listeners();
  const upstream = openUpstream(settings.modelUrl, credential, settings.connectTimeoutMs);
  const tokens = new Set<string>();
  const modelSocket = join(stateDir, 'model.sock');
  const homes = new Map(
    clients.map((client) => [client.name, openHome(join(stateDir, 'clients', client.name), client)] as const),
  );
  const memory = MemoryGroups.find();
  if (!memory) log.warn('the memory of runs is not limited: this process may make no control groups');
  const starter = new Starter({ environment, modelSocket, homes, memory });
  const desk = new ClientDesk({
    sandboxed: environment.bwrap !== undefined,
    turns,
    audit,
    metrics,
    starter,
    tokens,
    clock,
    log,
  });
  const open = new Set<Connection>();
  const ending = new AbortController();

  const serve = (socket: Socket, client?: Client): void => {
    const connection: Connection = new Connection(socket, { ...connectionParts(), ...(client ? { client } : {}) });
    open.add(connection);
    const counted = desk.connected(client);
    socket.once('close', () => {
      open.delete(connection);
      counted();
    });
    if (!desk.hasRoom(client)) connection.refuse(new RemudaError('host_bridge.busy', 'Too many connections.'));
  };
  const connectionParts = (): Omit<ConnectionParts, 'client'> => ({
    findByToken: (token) => environment.findByToken(token),
    admit: (client, run, outlet) => desk.admit(client, run, outlet),
    live: (client, run) => desk.live(client, run),
    onRefused: (client, error) => desk.refused(client, error),
    firstRunMs: 10_000,
    stalledMs: settings.stalledMs,
    clock,
    log,
  });

  const close = async (graceMs = closeGraceMs): Promise<void> => {
    desk.stop();
    ending.abort();
    const limit = AbortSignal.timeout(graceMs);
    await Promise.race([desk.idle(), new Promise((resolve) => limit.addEventListener('abort', resolve))]);
    for (const connection of open) connection.close('stopping');
    await desk.idle();
    await listeners.close(0);
    upstream.close();
    memory?.close();
    metrics.registry.clear();
    audit.write({ event: 'stopped' });
    audit.close();
  };
  try {
    const model = createDirectServer({
      upstream,
      admits: (token) => token !== undefined && tokens.has(token),
      onFault: (fault) => log.warn({ fault }, 'the model did not answer'),
    });
    await listeners.onSocket('lines', model, { path: modelSocket, mode: 0o600 });
    for (const client of clients)
      if (client.socket !== undefined)
        await openSocket(
          listeners,
          client.socket,
          client.socketMode,
          createServer((socket) => serve(socket, client)),
        );
    if (clients.some(({ tokenSha256 }) => tokenSha256 !== undefined))
      await openSocket(
        listeners,
        settings.socket,
        0o666,
        createServer((socket) => serve(socket)),
      );
    const tcp = environment.tls
      ? await createTlsServer(environment, { listeners, serve, renewal: parts, signal: ending.signal })
      : undefined;
    const notReady = (): Promise<string | undefined> =>
      Promise.resolve(desk.stopping ? 'it is shutting down' : undefined);
    const adminUrl = await listeners.onAddress('lines', createAdminServer({ registry: metrics.registry, notReady }), {
      host: '127.0.0.1',
      port: settings.adminPort,
      hosts: settings.hosts,
    });
    audit.write({ event: 'started', sandbox: environment.bwrap !== undefined });
    const state = (): HostBridgeState => ({
      running: turns.running,
      waiting: turns.waiting,
      healthy: !desk.stopping,
      connected: desk.connectedClients(),
    });
    return { adminUrl, ...(tcp === undefined ? {} : { tcp }), state, close };
  } catch (error) {
    ending.abort();
    await listeners.close(0);
    upstream.close();
    audit.close();
    throw error;
  }
}

async function openSocket(listeners: Listeners, path: string, mode: number, server: Server): Promise<void> {
  makeOwnFolder(dirname(path), 0o755);
  await listeners.onSocket('lines', server, { path, mode });
}
