import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { RemudaError } from '@remuda/domain';
import { parseJson } from '@remuda/protocol';
import { sessionOptions } from './wire.js';

/** Maximum size of an answer, in bytes: the processes of a whole container. */
const maxAnswerBytes = 8 * 1024 * 1024;
/** Timeouts of an agent, in ms. */
export interface AgentLimits {
  /** For answering a question. Default 10 s. */
  readonly answerMs: number;
  /** For starting a program. Default 30 s. */
  readonly startMs: number;
  /** For reporting the end of a killed program. Default 5 s. */
  readonly deathMs: number;
}

const usualLimits: AgentLimits = { answerMs: 10_000, startMs: 30_000, deathMs: 5_000 };

const gone = 'The agent under which Claude Code runs is gone.';

/** The worker's end of the only connection with its agent. The agent's messages are not trusted. */
export class AgentLink {
  /** Resolves when the connection has ended. */
  readonly lost: Promise<void>;
  readonly #session: ClientHttp2Session;

  readonly limits: AgentLimits;

  constructor(socket: Duplex, limits: Partial<AgentLimits> = {}) {
    this.limits = { ...usualLimits, ...limits };
    const session = connect('http://agent', { createConnection: () => socket, ...sessionOptions });
    this.#session = session;
    // its end carries the information
    session.on('error', () => undefined);
    session.once('goaway', () => {
      session.destroy();
    });
    this.lost = new Promise((resolve) => {
      session.once('close', () => {
        resolve();
      });
    });
  }

  /** A stream of its own; undefined if the connection has ended. Its errors need no listener. */
  open(path: string, method: 'GET' | 'POST'): ClientHttp2Stream | undefined {
    if (this.#session.closed || this.#session.destroyed) return undefined;
    const stream = this.#session.request({ ':path': path, ':method': method }, { endStream: method === 'GET' });
    stream.on('error', () => undefined);
    return stream;
  }

  /**
   * Asks one question. Rejects with `engine.crashed` if the agent is gone, and with `engine.unresponsive` if its answer
   * is late, too long, not JSON, or an error.
   */
  async ask(path: string, question: object = {}, limitMs = this.limits.answerMs): Promise<unknown> {
    const stream = this.open(path, 'POST');
    if (stream === undefined) throw new RemudaError('engine.crashed', gone);
    stream.end(JSON.stringify(question));
    let status: unknown;
    stream.once('response', (headers) => {
      status = headers[':status'];
    });
    const said = await bodyOf(stream, maxAnswerBytes, limitMs);
    if (said === undefined && this.#session.destroyed) throw new RemudaError('engine.crashed', gone);
    const answer = said === undefined ? undefined : parseJson(said);
    if (status !== 200 || answer === undefined)
      throw new RemudaError('engine.unresponsive', `The agent did not answer ${path}: ${(said ?? '').slice(0, 400)}`);
    return answer;
  }

  close(): void {
    this.#session.destroy();
  }
}

/** The whole contents of a stream; undefined if they are too long, late or cut off, and then the stream is closed. */
export function bodyOf(
  stream: ClientHttp2Stream,
  maxBytes: number,
  limitMs: number | undefined,
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let whole = false;
  const giveUp = (): void => {
    stream.close(constants.NGHTTP2_CANCEL);
  };
  const limit = limitMs === undefined ? undefined : setTimeout(giveUp, limitMs);
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else giveUp();
  });
  stream.once('end', () => {
    whole = bytes <= maxBytes && stream.rstCode === constants.NGHTTP2_NO_ERROR;
  });
  return new Promise((resolve) => {
    stream.once('close', () => {
      clearTimeout(limit);
      resolve(whole ? Buffer.concat(chunks).toString('utf8') : undefined);
    });
  });
}
