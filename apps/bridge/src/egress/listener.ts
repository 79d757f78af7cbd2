import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { RemudaError, type EgressRefusal, type EgressTarget } from '@remuda/domain';
import { isRecord, isUnderstood, parseJson, type BridgeGrant, type EgressHello } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import { firstLine } from '../git/first-line.js';
import type { Grants } from '../grants.port.js';
import type { BridgeMetrics } from '../metrics.js';
import { findGrant } from '../token.js';
import { admit, type AdmissionParts } from './admission.js';
import { AttemptEgress } from './attempt-egress.js';
import { forward } from './forward.js';
import { connectPinned } from './pinned.js';
import { refusalAnswer, writeRefusal, type Answer, type Refusal } from './refusal.js';
import { readConnect, readPlain } from './target.js';
import { placeOf, wayTo, type WayParts } from './way.js';
import { joinTunnel } from './tunnel.js';

/** Dependencies of the egress listener. */
export interface EgressListener extends AdmissionParts, WayParts {
  readonly grants: Grants;
  /** What an attempt may transfer, in both directions together, in bytes. */
  readonly maxBytes: number;
  /** A connection on which nothing is transferred for this long is closed, in ms. */
  readonly idleMs: number;
  /** Timeout of resolving a name, and of connecting, in ms. */
  readonly connectMs: number;
  readonly metrics: Pick<BridgeMetrics, 'connections' | 'egressConnections' | 'egressBytes'>;
  readonly log: Logger;
}

/** How often it is asked whether the attempt of open connections still runs, in ms. */
const againMs = 5_000;

/**
 * The listener through which a job's tools reach hosts that its grant names: a proxy for `CONNECT` and plain HTTP. The
 * worker says on each connection for which job it is. The job ends, and its connections with it.
 */
export function createEgressListener(listener: EgressListener): Server {
  const door = new EgressDoor(listener);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    listener.metrics.connections.inc({ listener: 'egress' });
    socket
      .on('error', () => socket.destroy())
      .once('close', () => {
        listener.metrics.connections.dec({ listener: 'egress' });
      });
    door.take(socket).catch((error: unknown) => {
      listener.log.error({ err: error }, 'the egress listener failed');
      socket.destroy();
    });
  });
  server.once('close', () => {
    door.close();
  });
  return server;
}

/** One worker's connections. */
class EgressDoor {
  readonly #http: HttpServer;
  readonly #tokens = new WeakMap<Socket, string>();
  /** The attempt that is running, as far as its connections have shown. */
  #current: { readonly name: string; readonly use: AttemptEgress; readonly token: string } | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(private readonly parts: EgressListener) {
    const { idleMs } = parts;
    this.#http = createHttpServer({ requestTimeout: 0, keepAliveTimeout: idleMs })
      .on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
        void this.#connect(request, socket, head).catch(() => socket.destroy());
      })
      .on('request', (request: IncomingMessage, response: ServerResponse) => {
        void this.#plain(request, response).catch(() => response.destroy());
      })
      .on('clientError', (_error, socket) => {
        if (socket.writable) socket.write(writeRefusal('malformed'));
        socket.destroy();
      });
    this.#http.timeout = idleMs;
    // only then it closes connections that send no request in time
    this.#http.emit('listening');
  }

  /** Serves a connection: the first line says whose it is. */
  async take(socket: Socket): Promise<void> {
    const hello = helloIn(await firstLine(socket));
    if (!hello || socket.destroyed) {
      socket.end(writeRefusal('malformed'));
      socket.destroySoon();
    } else if (hello.feed === true) await this.#feed(socket, hello.token);
    else {
      this.#tokens.set(socket, hello.token);
      this.#http.emit('connection', socket);
      socket.resume();
    }
  }

  close(): void {
    clearInterval(this.#watch);
    this.#http.close();
    this.#end();
  }

  async #feed(socket: Socket, token: string): Promise<void> {
    const found = await this.#useOf(token);
    if (typeof found === 'string') {
      socket.destroy();
      return;
    }
    socket.on('end', () => socket.end()).resume();
    found.use.feed(socket);
  }

  async #connect(request: IncomingMessage, near: Socket, head: Buffer): Promise<void> {
    near.on('error', () => near.destroy());
    const target = readConnect(request.url ?? '');
    const turnAway = (reason: Refusal): void => {
      this.#count(reason);
      near.write(writeRefusal(reason, target));
      near.destroySoon();
    };
    if (!target) {
      turnAway('malformed');
      return;
    }
    const admitted = await this.#admit(() => target, near);
    if (typeof admitted === 'string') {
      turnAway(admitted);
      return;
    }
    const far = await this.#reach(near, target, admitted.addresses);
    if (!far) {
      turnAway('unreachable');
      return;
    }
    const { use } = admitted;
    this.#opened(use, near, far);
    near.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const onRefused = this.#lateRefusal(use, target);
    joinTunnel({ near, far, head, target, use, idleMs: this.parts.idleMs, onRefused });
  }

  /** The connection to a target; undefined if it does not answer, or nobody waits for it any more. */
  async #reach(near: Socket, target: EgressTarget, addresses: readonly string[]): Promise<Socket | undefined> {
    const left = new AbortController();
    near.once('close', () => {
      left.abort();
    });
    const limit = AbortSignal.any([left.signal, AbortSignal.timeout(this.parts.connectMs)]);
    const far = await connectPinned(target, addresses, limit).catch(() => undefined);
    if (!near.destroyed) return far;
    far?.destroy();
    return undefined;
  }

  async #plain(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    const target = readPlain(request.url ?? '');
    const turnAway = (reason: Refusal): void => {
      this.#count(reason);
      refuseRequest(request, response, refusalAnswer(reason, target));
    };
    if (!target) {
      turnAway('malformed');
      return;
    }
    const placeIn = (grant: BridgeGrant) => placeOf(target, request.method ?? '', grant);
    const admitted = await this.#admit((grant) => placeIn(grant)?.place ?? target, request.socket);
    if (typeof admitted === 'string') {
      turnAway(admitted);
      return;
    }
    const { use, addresses, grant } = admitted;
    const place = placeIn(grant);
    const way = place && (await wayTo(place, grant, this.parts));
    if (place && !way) {
      turnAway('no_credential');
      return;
    }
    this.#opened(use, request.socket);
    const { idleMs, connectMs } = this.parts;
    const onRefused = this.#lateRefusal(use, target);
    await forward({ request, response, target, addresses, way, use, idleMs, connectMs, onRefused }).catch(() => {
      turnAway('unreachable');
    });
  }

  /** Checks a target against the grant of the job whose connection it is. */
  async #admit(
    targetIn: (grant: BridgeGrant) => EgressTarget,
    socket: Socket,
  ): Promise<
    { readonly use: AttemptEgress; readonly addresses: readonly string[]; readonly grant: BridgeGrant } | Refusal
  > {
    const found = await this.#useOf(this.#tokens.get(socket) ?? '');
    if (typeof found === 'string') return found;
    const { use, grant } = found;
    const target = targetIn(grant);
    if (use.isSpent) return this.#noted(use, target, 'limit');
    const admission = await inTime(admit(target, grant, this.parts), this.parts.connectMs);
    if (admission === undefined) return 'unresolved';
    switch (admission.kind) {
      case 'admitted':
        return { use, grant, addresses: admission.addresses };
      case 'refused':
        return this.#noted(use, target, admission.reason);
      case 'unresolved':
        return 'unresolved';
    }
  }

  /** The running attempt that a token belongs to; another one than before ends that. */
  async #useOf(token: string): Promise<{ readonly use: AttemptEgress; readonly grant: BridgeGrant } | Refusal> {
    const grant = await findGrant(this.parts.grants, token).catch((error: unknown) => {
      if (error instanceof RemudaError) return 'unavailable' as const;
      throw error;
    });
    if (grant === 'unavailable') return grant;
    if (!grant) return 'ended';
    const name = `${grant.job}:${String(grant.lease)}`;
    if (this.#current?.name !== name) {
      this.#end();
      this.#current = { name, token, use: new AttemptEgress(this.parts.maxBytes) };
    }
    return { use: this.#current.use, grant };
  }

  #opened(use: AttemptEgress, ...sockets: readonly Socket[]): void {
    use.connections++;
    this.parts.metrics.egressConnections.inc({ outcome: 'opened' });
    for (const socket of sockets) use.keep(socket);
    this.#watch ??= setInterval(() => void this.#look(), againMs).unref();
  }

  /** Cuts the connections of an attempt whose token is void. */
  async #look(): Promise<void> {
    const { token } = this.#current ?? {};
    const grant = await findGrant(this.parts.grants, token).catch(() => 'unknown' as const);
    if (grant === undefined && this.#current?.token === token) this.#end();
  }

  /** A host may be named after a secret: only the worker, which hides those, tells it to others. */
  #noted(use: AttemptEgress, target: EgressTarget, reason: EgressRefusal): EgressRefusal {
    if (use.refuse(target, reason))
      this.parts.log.info({ attempt: this.#current?.name, reason, port: target.port }, 'a connection was refused');
    return reason;
  }

  /** For what is found out on an open connection. */
  #lateRefusal(use: AttemptEgress, target: EgressTarget): (reason: EgressRefusal) => void {
    return (reason) => {
      this.#count(this.#noted(use, target, reason));
    };
  }

  #count(outcome: Refusal): void {
    this.parts.metrics.egressConnections.inc({ outcome });
  }

  #end(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
    const { use, name } = this.#current ?? {};
    this.#current = undefined;
    if (!use) return;
    use.cut();
    const { connections, sentBytes, receivedBytes } = use;
    this.parts.metrics.egressBytes.inc({ direction: 'sent' }, sentBytes);
    this.parts.metrics.egressBytes.inc({ direction: 'received' }, receivedBytes);
    if (connections > 0)
      this.parts.log.info({ attempt: name, connections, sentBytes, receivedBytes }, 'what an attempt transferred');
  }
}

function helloIn(line: string | undefined): EgressHello | undefined {
  const value = parseJson(line ?? '');
  if (!isRecord(value) || !isUnderstood(value['v']) || typeof value['token'] !== 'string') return undefined;
  return { token: value['token'], feed: value['feed'] === true };
}

/** Undefined if it takes too long. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}

/** A refused body is not passed on, and the connection is closed. */
function refuseRequest(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.shouldKeepAlive = false;
  response.writeHead(answer.status, answer.headers).end(answer.body);
  request.resume();
}
