import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RemudaError, requireAccess } from '@remuda/domain';
import type { Principal } from '@remuda/domain';
import type { ProblemView } from '@remuda/protocol';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { Audit } from '../../identity/audit/audit.js';
import { Identity } from '../../identity/identity.js';
import { TokenEnds } from '../../identity/token-ends.js';
import { toProblem } from '../../problems/problem.js';
import { apiConfig } from '../../stores.js';
import type { ApiConfig } from '../../stores.js';
import { JobEvents } from '../job-events.js';
import { OpenStreams } from './open-streams.js';
import { Subscriber } from './subscriber.js';

const path = '/api/v1/stream';
/** Interval of pings, which a client must answer, in ms. */
const pingMs = 30_000;
/** Maximum size of a client's message in bytes: it only names jobs. */
const maxPayload = 4_096;

/** The event streams over WebSocket, at `/api/v1/stream` of the same server. */
@Injectable()
export class StreamGateway implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  private readonly quiet = new WeakSet<WebSocket>();
  private pinging: NodeJS.Timeout | undefined;

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly events: JobEvents,
    private readonly streams: OpenStreams,
    @Inject(apiConfig) private readonly config: ApiConfig,
    private readonly identity: Identity,
    private readonly ends: TokenEnds,
    private readonly audit: Audit,
  ) {}

  onApplicationBootstrap(): void {
    this.server.on('wsClientError', ({ message }, socket) => {
      refuse(socket, new RemudaError('request.malformed', `This is not a WebSocket handshake: ${message}.`));
    });
    const server = this.http.httpAdapter.getHttpServer() as NodeJS.EventEmitter;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.upgrade(request, socket, head);
    });
    this.pinging = setInterval(() => {
      this.ping();
    }, pingMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.pinging);
    for (const socket of this.server.clients) socket.close(1001, 'the api is shutting down');
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    let reader: Principal | undefined;
    try {
      const fault = this.config.admission(request) ?? wrongPath(request);
      if (fault) throw fault;
      reader = await this.identity.of(request, true);
      const known = requireAccess('jobs:read', reader);
      this.server.handleUpgrade(request, socket, head, (client) => {
        this.serve(client, known);
      });
    } catch (error) {
      const id = randomUUID();
      const { status, code } = refuse(socket, error, id);
      this.audit.note({ request: id, raw: request, status, code, principal: reader, steers: false });
    }
  }

  private serve(client: WebSocket, reader: Principal): void {
    client.on('pong', () => this.quiet.delete(client));
    const unwatch = this.ends.watch(reader, () => {
      client.close(1008, 'the token is no longer valid');
    });
    client.on('close', unwatch);
    new Subscriber(client, this.events, this.streams, reader.tenant);
  }

  /** Ends the connections that did not answer the last ping, and pings the others again. */
  private ping(): void {
    for (const client of this.server.clients) {
      if (this.quiet.has(client)) client.terminate();
      this.quiet.add(client);
      client.ping();
    }
  }
}

function wrongPath({ url }: IncomingMessage): RemudaError | undefined {
  if (url?.split('?', 1)[0] === path) return undefined;
  return new RemudaError('route.unknown', `WebSockets are at ${path} only.`);
}

function refuse(socket: Duplex, error: unknown, id: string = randomUUID()): ProblemView {
  const { problem } = toProblem(error);
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nconnection: close\r\nx-request-id: ${id}\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return problem;
}
