import { createServer, type TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { authority, listenOnAddress, type Listeners } from '@remuda/runtime';
import type { Client } from '../clients/client.js';
import type { HostEnvironment } from '../environment.js';
import { keepTlsRenewed, securedBy, type RenewalPlace } from './tls-files.js';

/** Dead peers, such as a lost host, are detected by keep-alive probes after this much silence, in ms. */
const keepAliveMs = 30_000;
/** How long a TLS handshake may take, in ms. */
const handshakeMs = 10_000;

/** What the listener needs. */
export interface TlsServerParts {
  readonly listeners: Listeners;
  readonly serve: (socket: Socket, client: Client) => void;
  readonly renewal: RenewalPlace;
  /** Aborts when the bridge ends. */
  readonly signal: AbortSignal;
}

/**
 * Opens the listener for other hosts: both sides show a certificate of the same authority, and the DNS names of the
 * client's say which client it is. A renewed certificate is shown from the next connection on. Resolves with its address. Rejects with `config.invalid`.
 */
export async function createTlsServer(
  { tls, clients }: Pick<HostEnvironment, 'tls' | 'clients'>,
  { listeners, serve, renewal, signal }: TlsServerParts,
): Promise<string | undefined> {
  if (!tls) return undefined;
  const { listen, files } = tls;
  const options = { ...securedBy(files.first), requestCert: true, rejectUnauthorized: true } as const;
  const server = createServer({ ...options, handshakeTimeout: handshakeMs }, (socket) => {
    socket.setKeepAlive(true, keepAliveMs);
    const names = namesOf(socket);
    const client = clients.find(({ certificate }) => certificate !== undefined && names.includes(certificate));
    if (client) serve(socket, client);
    else socket.destroy();
  });
  server.maxConnections = 256;
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const port = await listenOnAddress(server, listen.host, listen.port);
  listeners.keep('lines', server);
  keepTlsRenewed(files, (texts) => server.setSecureContext(securedBy(texts)), renewal, signal);
  return authority(listen.host, port);
}

function namesOf(socket: TLSSocket): string[] {
  const names = socket.getPeerCertificate().subjectaltname ?? '';
  return names.split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4)] : []));
}
