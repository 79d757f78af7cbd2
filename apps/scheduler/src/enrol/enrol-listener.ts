import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { RemudaError, type Clock, type ErrorCode } from '@remuda/domain';
import { writeEnrolmentAnswer } from '@remuda/protocol';
import {
  keepRenewed,
  minTlsVersion,
  readCertificate,
  type CertificateFiles,
  type CertificatePair,
  type Logger,
} from '@remuda/runtime';
import type { SchedulerMetrics } from '../metrics.js';
import type { Admissions } from './admissions.js';
import { readAsked, statusOf } from './enrol-request.js';
import { FailurePace } from './failure-pace.js';

/** Address of the listener. */
export interface EnrolPlace {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  /** Absent: no TLS. */
  readonly certificate?: CertificateFiles;
}

/** Dependencies of the listener. */
export interface EnrolListenerParts {
  readonly admissions: Pick<Admissions, 'admit'>;
  readonly metrics: Pick<SchedulerMetrics, 'enrolments' | 'enrolCertificateEnds'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Maximum of connections, and of the time to read a request, in ms. */
const maxConnections = 512;
const requestLimitMs = 10_000;
/** Maximum of tokens reviewed concurrently: each review is a request to the API server. */
const maxUnderWay = 16;
const crowdedPauseMs = 1_000;

/** Failures with these codes slow the address down; others wait for something that is not their fault. */
const failures: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['enrolment.token_invalid', 'enrolment.refused', 'enrolment.spent', 'profile.unknown'] as const),
  ...([
    'request.invalid',
    'request.too_large',
    'request.forbidden',
    'route.unknown',
    'route.method_not_allowed',
  ] as const),
]);

/** The listener at which pods that the scheduler did not create enrol as workers. */
export class EnrolListener {
  readonly #server: Server;
  readonly #pace = new FailurePace();
  readonly #ended = new AbortController();
  #underWay = 0;

  /** Throws `config.invalid` if the certificate cannot be read. */
  constructor(
    private readonly place: EnrolPlace,
    private readonly parts: EnrolListenerParts,
  ) {
    const { certificate: files } = place;
    const limits = { maxHeaderSize: 16_384, headersTimeout: requestLimitMs, requestTimeout: requestLimitMs };
    const serve = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    if (files) {
      const read = (): CertificatePair => readCertificate(files);
      const first = read();
      const server = createHttpsServer({ ...first, minVersion: minTlsVersion, ...limits }, serve);
      const renew = (pair: typeof first): void => {
        server.setSecureContext({ ...pair, minVersion: minTlsVersion });
      };
      const onEnd = parts.metrics.enrolCertificateEnds;
      void keepRenewed({ read, first, renew, onEnd, ...parts }, this.#ended.signal);
      this.#server = server;
    } else {
      parts.log.warn({}, 'pods enrol without TLS: traffic can be read in transit');
      this.#server = createHttpServer(limits, serve);
    }
    this.#server.maxConnections = maxConnections;
  }

  /** Resolves with the URL at which it listens. Rejects with `config.invalid`. */
  async listen(): Promise<string> {
    const { host, port, certificate } = this.place;
    const { log } = this.parts;
    this.#server.listen(port, host);
    await once(this.#server, 'listening').catch((cause: unknown) => {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new RemudaError('config.invalid', `Nobody can enrol at REMUDA_ENROL_LISTEN: ${said}`, { cause });
    });
    const had = (this.#server.address() as AddressInfo).port;
    const url = `${certificate ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${String(had)}`;
    log.info({ url }, 'pods can enrol');
    return url;
  }

  /** Accepts no new requests; those in progress are answered. */
  async close(): Promise<void> {
    this.#ended.abort();
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeIdleConnections();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics, log, clock } = this.parts;
    const address = request.socket.remoteAddress ?? '';
    try {
      const answer = await this.#answer(request, address);
      metrics.enrolments.inc({ outcome: 'enrolled' });
      send(response, 201, answer, {});
    } catch (error) {
      const known = error instanceof RemudaError && statusOf(error.code) !== undefined ? error : undefined;
      const code = known?.code ?? 'internal';
      metrics.enrolments.inc({ outcome: code });
      if (!known) log.error({ err: error, address }, 'a pod could not enrol');
      else if (code !== 'enrolment.too_many') log.warn({ address, code, reason: known.message }, 'a pod was refused');
      if (failures.has(code)) this.#pace.noteFailure(address, clock.monotonic());
      refuse(response, known ?? new RemudaError('internal', 'The scheduler failed; its log says why.'));
    }
  }

  async #answer(request: IncomingMessage, address: string): Promise<string> {
    const heldMs = this.#pace.heldMs(address, this.parts.clock.monotonic());
    if (heldMs > 0) throw tooMany('Too many failures came from this address.', heldMs);
    if (this.#underWay >= maxUnderWay) throw tooMany('Too many pods want to enrol at once.', crowdedPauseMs);
    this.#underWay++;
    try {
      const { token, ...asked } = await readAsked(request);
      return writeEnrolmentAnswer(await this.parts.admissions.admit(token, asked));
    } finally {
      this.#underWay--;
    }
  }
}

function tooMany(message: string, retryAfterMs: number): RemudaError {
  return new RemudaError('enrolment.too_many', message, { retryAfterMs });
}

function refuse(response: ServerResponse, { code, message, extra }: RemudaError): void {
  const status = statusOf(code) ?? 500;
  const problem = { type: `urn:remuda:error:${code}`, status, code, detail: message };
  const { retryAfterMs = status === 503 ? 1_000 : undefined } = extra;
  const retry =
    retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) };
  send(response, status, JSON.stringify(problem), { ...retry, 'content-type': 'application/problem+json' });
}

/** Each connection serves one request: the next one may reach another scheduler. */
function send(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>>): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      connection: 'close',
      ...headers,
    })
    .end(body);
}
