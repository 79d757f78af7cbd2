import { connect, type Socket } from 'node:net';

/** What came back. */
export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What an exchange came to: an answer; nothing in time; or the connection's end before an answer. */
export type Exchange = { readonly answer: Answer } | { readonly silent: number } | { readonly cut: string };

/** A request as bytes. */
export interface Outgoing {
  readonly bytes: Buffer;
  /** An answer to HEAD has no body, whatever its length says. */
  readonly method: string;
  readonly waitMs: number;
}

/**
 * A kept connection that sends bytes as they are: no client library stands between, which would refuse to send what is
 * no good HTTP. A stream of events is left once it has begun.
 */
export class Line {
  #socket: Socket | undefined;

  constructor(private readonly port: number) {}

  async exchange(outgoing: Outgoing): Promise<Exchange> {
    const fresh = this.#socket === undefined;
    const got = await this.#once(outgoing);
    // A kept connection may have ended in the moment in which it was used.
    return 'cut' in got && !fresh ? this.#once(outgoing) : got;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #once({ bytes, method, waitMs }: Outgoing): Promise<Exchange> {
    const socket = (this.#socket ??= connect({ port: this.port, host: '127.0.0.1', noDelay: true }));
    return new Promise((resolve) => {
      const received = new Reception(method);
      const end = (exchange: Exchange, keep: boolean): void => {
        clearTimeout(timer);
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        if (!keep) this.close();
        resolve(exchange);
      };
      const timer = setTimeout(() => {
        end({ silent: waitMs }, false);
      }, waitMs);
      const look = (ended: boolean): void => {
        const answer = received.answer(ended);
        if (answer) end({ answer }, !ended && received.keepsOpen);
        else if (ended) end({ cut: received.shown }, false);
      };
      socket.on('data', (chunk: Buffer) => {
        received.add(chunk);
        look(false);
      });
      socket.on('error', () => {
        look(true);
      });
      socket.on('close', () => {
        look(true);
      });
      socket.write(bytes);
    });
  }
}

/** The bytes of one answer, as far as they came. */
class Reception {
  #bytes: Buffer = Buffer.alloc(0);
  keepsOpen = false;

  constructor(private readonly method: string) {}

  get shown(): string {
    return this.#bytes.toString('latin1', 0, 200);
  }

  add(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** The answer, when it is whole; what has no length is whole at the connection's end. */
  answer(ended: boolean): Answer | undefined {
    const headEnd = this.#bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const [first = '', ...lines] = this.#bytes.toString('latin1', 0, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
    const rest = this.#bytes.subarray(headEnd + 4);
    if (status === 100) {
      this.#bytes = rest;
      return this.answer(ended);
    }
    const headers = new Map(lines.map(headerOf));
    const bodiless = this.method === 'HEAD' || status === 204 || status === 304 || status === 101;
    const streams = headers.get('content-type')?.startsWith('text/event-stream') === true;
    this.keepsOpen = status !== 101 && !streams && headers.get('connection') !== 'close';
    if (bodiless || streams) return { status, headers, body: '' };
    const body = bodyOf(rest, headers, ended);
    return body === undefined ? undefined : { status, headers, body };
  }
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function bodyOf(rest: Buffer, headers: ReadonlyMap<string, string>, ended: boolean): string | undefined {
  const length = headers.get('content-length');
  if (length !== undefined) return rest.length < Number(length) ? undefined : rest.toString('utf8', 0, Number(length));
  if (headers.get('transfer-encoding') === 'chunked') return unchunked(rest);
  return ended ? rest.toString('utf8') : undefined;
}

function unchunked(rest: Buffer): string | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(rest.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    if (size === 0) return Buffer.concat(chunks).toString('utf8');
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
