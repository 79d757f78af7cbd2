import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { RemudaError } from '@remuda/domain';
import { bridgeUpgrade } from '@remuda/protocol';
import { authority, listenOnAddress, minTlsVersion, type CertificatePair, type Logger } from '@remuda/runtime';
import type { BridgeMetrics } from '../metrics.js';
import type { ListenerKeeper } from '../workers/listener-keeper.js';
import type { WorkerDirectory } from '../workers/worker-directory.port.js';
import { readAsked, turnedAway, type Asked, type TurnedAway } from './asked.js';
import { Unproven, unprovenLimits, type UnprovenLimits } from './unproven.js';

/** Dependencies of the TCP entry. */
export interface EntryParts {
  readonly store: Pick<WorkerDirectory, 'credentialHash'>;
  readonly keeper: Pick<ListenerKeeper, 'reach'>;
  readonly metrics: Pick<BridgeMetrics, 'entries' | 'certificateEnds'>;
  readonly log: Logger;
  /** Default: `unprovenLimits`. */
  readonly limits?: UnprovenLimits;
}

/** Dead peers, such as a lost node, are detected by keep-alive probes after this much silence, in ms. */
const keepAliveMs = 30_000;
/** Maximum size of a request's head, in bytes. */
const maxHeadBytes = 4_096;

/**
 * The one address through which workers without a shared file system reach their own listeners. An authenticated
 * connection is handed to the requested listener, as if it had arrived on that listener's socket.
 */
export class Entry {
  readonly #front: Server;
  readonly #requests: HttpServer;
  readonly #unproven: Unproven;

  /** With a certificate it uses TLS, otherwise plain TCP. */
  constructor(
    private readonly parts: EntryParts,
    certificate: CertificatePair | undefined,
  ) {
    const { metrics, limits = unprovenLimits } = parts;
    this.#unproven = new Unproven(limits, () => {
      metrics.entries.inc({ outcome: 'late' });
    });
    this.#requests = certificate
      ? createHttpsServer({ ...certificate, minVersion: minTlsVersion, maxHeaderSize: maxHeadBytes })
      : createHttpServer({ maxHeaderSize: maxHeadBytes });
    this.#requests
      .on(
        'upgrade',
        (request: IncomingMessage, socket: Socket, head: Buffer) => void this.#enter(request, socket, head),
      )
      .on('request', (request: IncomingMessage) => {
        this.#turnAway(request.socket, reasonOf(readAsked(request)));
      })
      .on('tlsClientError', () => {
        metrics.entries.inc({ outcome: 'no_tls' });
      });
    const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
    this.#front = createServer(options, (socket) => {
      this.#onConnection(socket);
    });
  }

  /** Resolves with its URL. Rejects with `config.invalid`. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
    const had = await listenOnAddress(this.#front, host, port);
    return `${'setSecureContext' in this.#requests ? 'https' : 'http'}://${authority(host, had)}`;
  }

  /** Uses another certificate for new connections. */
  renew(certificate: CertificatePair): void {
    const server = this.#requests as HttpServer & { setSecureContext?: (options: object) => void };
    server.setSecureContext?.({ ...certificate, minVersion: minTlsVersion });
  }

  /** Accepts nothing new. Connections that were handed on belong to their listener, and end with it. */
  stop(): void {
    this.#front.close();
    this.#unproven.cut();
  }

  #onConnection(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#unproven.admit(socket)) {
      this.#requests.emit('connection', socket);
      return;
    }
    this.parts.metrics.entries.inc({ outcome: 'crowded' });
    socket.destroy();
  }

  async #enter(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      // A client must not send anything before it was accepted.
      const reason = head.length > 0 ? 'malformed' : await this.#letIn(readAsked(request), socket);
      if (reason !== undefined) this.#turnAway(socket, reason);
    } catch (err) {
      const code = err instanceof RemudaError ? err.code : undefined;
      if (code !== 'redis.unavailable') this.parts.log.error({ err }, 'a connection could not be accepted');
      this.#turnAway(socket, 'unavailable');
    }
  }

  /** Hands a connection to the requested listener, or refuses it. */
  async #letIn(asked: Asked | TurnedAway, socket: Socket): Promise<TurnedAway | undefined> {
    if (typeof asked === 'string') return asked;
    const { keeper, metrics } = this.parts;
    if (!(await this.#isProven(asked))) return 'unproven';
    const servers = await keeper.reach(asked.proof.worker);
    if (socket.destroyed) return undefined;
    if (!servers) return 'unavailable';
    if (!servers.hasRoom(asked.listener)) return 'share';
    this.#unproven.proven(socket);
    metrics.entries.inc({ outcome: 'let_in' });
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${bridgeUpgrade}\r\n\r\n`);
    servers.take(asked.listener, socket);
    return undefined;
  }

  /** Whether a worker's credential matches the SHA-256 in its record. */
  async #isProven({ proof: { worker, credential } }: Asked): Promise<boolean> {
    const known = Buffer.from((await this.parts.store.credentialHash(worker)) ?? '', 'hex');
    const shown = createHash('sha256').update(credential).digest();
    return known.length === shown.length && timingSafeEqual(known, shown);
  }

  #turnAway(socket: Socket, reason: TurnedAway): void {
    this.parts.metrics.entries.inc({ outcome: reason });
    const status = turnedAway[reason];
    socket.write(`HTTP/1.1 ${String(status)} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    socket.destroySoon();
  }
}

/** A request without `Upgrade` is always refused. */
function reasonOf(asked: Asked | TurnedAway): TurnedAway {
  return typeof asked === 'string' ? asked : 'no_upgrade';
}
