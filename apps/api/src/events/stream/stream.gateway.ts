import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RemudaError } from '@remuda/domain';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
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
  ) {}

  onApplicationBootstrap(): void {
    this.server.on('wsClientError', ({ message }, socket) => {
      refuse(socket, new RemudaError('request.malformed', `This is not a WebSocket handshake: ${message}.`));
    });
    const server = this.http.httpAdapter.getHttpServer() as NodeJS.EventEmitter;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.upgrade(request, socket, head);
    });
    this.pinging = setInterval(() => {
      this.ping();
    }, pingMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.pinging);
    for (const socket of this.server.clients) socket.close(1001, 'the api is shutting down');
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refusal = this.config.admission(request) ?? wrongPath(request);
    if (refusal) {
      refuse(socket, refusal);
      return;
    }
    this.server.handleUpgrade(request, socket, head, (client) => {
      client.on('pong', () => this.quiet.delete(client));
      new Subscriber(client, this.events, this.streams);
    });
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

function refuse(socket: Duplex, error: RemudaError): void {
  const { problem } = toProblem(error);
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
