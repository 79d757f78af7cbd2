import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { createAdminServer, Listeners, makeOwnFolder } from '@remuda/runtime';
import { openCore, type BridgeCore, type HostBridgeParts } from './bridge-core.js';
import { Connections } from './connections.js';
import type { HostEnvironment } from './environment.js';
import { createTlsServer } from './tcp/tls-server.js';

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
  const core = openCore(environment, parts);
  const { desk, turns, audit } = core;
  const connections = new Connections({ environment, desk, ...parts });
  const listeners = new Listeners();
  const ending = new AbortController();
  try {
    await openSockets(environment, { core, connections, listeners });
    const serve: Connections['serve'] = (socket, client) => connections.serve(socket, client);
    const tcp = await createTlsServer(environment, { listeners, serve, renewal: parts, signal: ending.signal });
    const adminUrl = await openAdmin(environment, { core, listeners });
    audit.write({ event: 'started', sandbox: environment.bwrap !== undefined });
    const state = (): HostBridgeState => ({
      running: turns.running,
      waiting: turns.waiting,
      healthy: !desk.stopping,
      connected: desk.connectedClients(),
    });
    const close = (graceMs = closeGraceMs): Promise<void> => {
      ending.abort();
      return stop({ core, connections, listeners }, graceMs);
    };
    return { adminUrl, ...(tcp === undefined ? {} : { tcp }), state, close };
  } catch (error) {
    ending.abort();
    await listeners.close(0);
    core.close();
    throw error;
  }
}

interface Opened {
  readonly core: BridgeCore;
  readonly connections: Connections;
  readonly listeners: Listeners;
}

/** The sockets: of the model for runs, of each client, and the one that clients with a token share. */
async function openSockets(environment: HostEnvironment, { core, connections, listeners }: Opened): Promise<void> {
  const { settings, clients } = environment;
  await listeners.onSocket('lines', core.model, { path: core.modelSocket, mode: 0o600 });
  for (const client of clients)
    if (client.socket !== undefined) {
      const server = createServer((socket) => connections.serve(socket, client));
      await openSocket(listeners, client.socket, client.socketMode, server);
    }
  if (clients.some(({ tokenSha256 }) => tokenSha256 !== undefined)) {
    const server = createServer((socket) => connections.serve(socket));
    await openSocket(listeners, settings.socket, 0o666, server);
  }
}

async function openSocket(listeners: Listeners, path: string, mode: number, server: Server): Promise<void> {
  makeOwnFolder(dirname(path), 0o755);
  await listeners.onSocket('lines', server, { path, mode });
}

function openAdmin({ settings }: HostEnvironment, { core, listeners }: Omit<Opened, 'connections'>): Promise<string> {
  const notReady = (): Promise<string | undefined> =>
    Promise.resolve(core.desk.stopping ? 'it is shutting down' : undefined);
  const server = createAdminServer({ registry: core.metrics.registry, notReady });
  const { adminPort: port, hosts } = settings;
  return listeners.onAddress('lines', server, { host: '127.0.0.1', port, hosts });
}

/** Lets runs end for `graceMs`, ends the rest, and closes everything. */
async function stop({ core, connections, listeners }: Opened, graceMs: number): Promise<void> {
  const { desk, audit } = core;
  desk.stop();
  const limit = AbortSignal.timeout(graceMs);
  await Promise.race([desk.idle(), new Promise((resolve) => limit.addEventListener('abort', resolve))]);
  connections.close();
  await desk.idle();
  await listeners.close(0);
  audit.write({ event: 'stopped' });
  core.close();
}
