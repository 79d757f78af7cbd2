import { createServer, type TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { authority, listenOnAddress, minTlsVersion, type Listeners } from '@remuda/runtime';
import type { Client } from '../clients/client.js';
import type { HostEnvironment } from '../environment.js';

/** Dead peers, such as a lost host, are detected by keep-alive probes after this much silence, in ms. */
const keepAliveMs = 30_000;
/** How long a TLS handshake may take, in ms. */
const handshakeMs = 10_000;

/**
 * Opens the listener for other hosts: both sides show a certificate of the same authority, and the DNS names of the
 * client's say which client it is. Resolves with its address. Rejects with `config.invalid`.
 */
export async function createTlsServer(
  { tls, clients }: Pick<HostEnvironment, 'tls' | 'clients'>,
  listeners: Listeners,
  serve: (socket: Socket, client: Client) => void,
): Promise<string | undefined> {
  if (!tls?.listen) return undefined;
  const { listen, ...files } = tls;
  const options = { ...files, requestCert: true, rejectUnauthorized: true, minVersion: minTlsVersion } as const;
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
  return authority(listen.host, port);
}

function namesOf(socket: TLSSocket): string[] {
  const names = socket.getPeerCertificate().subjectaltname ?? '';
  return names.split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4)] : []));
}
