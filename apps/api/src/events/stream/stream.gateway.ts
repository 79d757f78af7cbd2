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
import { Screens } from '../../screens/screens.js';
import { apiConfig } from '../../stores.js';
import type { ApiConfig } from '../../stores.js';
import { JobEvents } from '../job-events.js';
import { SessionEvents } from '../session/session-events.js';
import { OpenStreams } from './open-streams.js';
import { showScreen } from './screen-viewer.js';
import { Subscriber } from './subscriber.js';

const path = '/api/v1/stream';
/** Where a worker's screen is. */
const screenPath = /^\/api\/v1\/workers\/([a-z0-9-]{1,63})\/screen$/;
/** Interval of pings, which a client must answer, in ms. */
const pingMs = 30_000;
/** Maximum size of a client's message in bytes: it only names jobs. */
const maxPayload = 4_096;

/** What there is over WebSocket, on the same server: the event streams at `/api/v1/stream`, and the screens of workers. */
@Injectable()
export class StreamGateway implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  private readonly quiet = new WeakSet<WebSocket>();
  private pinging: NodeJS.Timeout | undefined;

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly events: JobEvents,
    private readonly sessions: SessionEvents,
    private readonly streams: OpenStreams,
    private readonly screens: Screens,
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
      const [, worker] = screenPath.exec(pathOf(request)) ?? [];
      const known = requireAccess(worker === undefined ? 'jobs:read' : 'admin', reader);
      if (worker !== undefined) await this.screens.mustHave(worker);
      this.server.handleUpgrade(request, socket, head, (client) => {
        this.serve(client, known, worker);
      });
    } catch (error) {
      const id = randomUUID();
      const { status, code } = refuse(socket, error, id);
      this.audit.note({ request: id, raw: request, status, code, principal: reader, steers: false });
    }
  }

  private serve(client: WebSocket, reader: Principal, worker: string | undefined): void {
    client.on('pong', () => this.quiet.delete(client));
    const unwatch = this.ends.watch(reader, () => {
      client.close(1008, 'the token is no longer valid');
    });
    client.on('close', unwatch);
    const { tenant } = reader;
    if (worker === undefined)
      new Subscriber(client, { jobs: this.events, sessions: this.sessions }, this.streams, reader);
    else void showScreen(client, { worker, tenant }, this.screens, this.streams);
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

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

function wrongPath(request: IncomingMessage): RemudaError | undefined {
  const asked = pathOf(request);
  if (asked === path || screenPath.test(asked)) return undefined;
  return new RemudaError('route.unknown', `WebSockets are at ${path} and /api/v1/workers/{id}/screen only.`);
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
