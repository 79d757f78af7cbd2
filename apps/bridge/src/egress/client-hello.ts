/** What the first bytes of a connection say about it. */
export type FirstBytes =
  /** TLS, for this server; undefined: it names none. */
  | { readonly kind: 'tls'; readonly serverName: string | undefined }
  /** Something other than TLS. */
  | { readonly kind: 'plain' }
  /** TLS as far as it goes, but no ClientHello, or one that is too large. */
  | { readonly kind: 'malformed' }
  /** Not enough bytes to tell. */
  | { readonly kind: 'more' };

/** Maximum size of a ClientHello, in bytes: those with post-quantum keys have some 2,000. */
export const maxHelloBytes = 16_384;

const handshake = 22;
const clientHello = 1;
const serverNameExtension = 0;
const hostNameType = 0;
const recordHeaderBytes = 5;

/** Reads the server name from the beginning of a connection (RFC 8446, 4.1.2; RFC 6066, 3); pure. */
export function readFirstBytes(bytes: Buffer): FirstBytes {
  if (bytes.length === 0) return { kind: 'more' };
  if (bytes[0] !== handshake) return { kind: 'plain' };
  const { message, broken } = messageIn(bytes);
  if (broken || (message.length > 0 && message[0] !== clientHello)) return { kind: 'malformed' };
  const length = message.length < 4 ? 0 : message.readUIntBE(1, 3);
  if (length > maxHelloBytes) return { kind: 'malformed' };
  if (message.length < 4 || message.length < 4 + length)
    return bytes.length > 2 * maxHelloBytes ? { kind: 'malformed' } : { kind: 'more' };
  const names = serverNames(new Cursor(message.subarray(4, 4 + length)));
  return names === undefined || names.length > 1 ? { kind: 'malformed' } : { kind: 'tls', serverName: names[0] };
}

/** The handshake message in the records that have arrived: it may be spread over several. */
function messageIn(bytes: Buffer): { readonly message: Buffer; readonly broken: boolean } {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== handshake || (bytes[at + 1] ?? 3) !== 3) {
      // what follows a whole ClientHello may be anything
      const message = Buffer.concat(parts);
      return { message, broken: message.length < 4 || message.length < 4 + message.readUIntBE(1, 3) };
    }
    if (bytes.length < at + recordHeaderBytes) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0) return { message: Buffer.concat(parts), broken: true };
    parts.push(bytes.subarray(at + recordHeaderBytes, at + recordHeaderBytes + length));
    at += recordHeaderBytes + length;
  }
  return { message: Buffer.concat(parts), broken: false };
}

/** The names in a ClientHello's body; undefined if it cannot be read. */
function serverNames(body: Cursor): readonly string[] | undefined {
  body.skip(2 + 32); // version, random
  body.skip(body.number(1)); // session
  body.skip(body.number(2)); // cipher suites
  body.skip(body.number(1)); // compression
  const names: string[] = [];
  if (body.left === 0) return body.failed ? undefined : names;
  const extensions = body.part(body.number(2));
  while (extensions.left > 0 && !extensions.failed) {
    const type = extensions.number(2);
    const data = extensions.part(extensions.number(2));
    if (type !== serverNameExtension) continue;
    const list = data.part(data.number(2));
    while (list.left > 0 && !list.failed) {
      const kind = list.number(1);
      const name = list.part(list.number(2));
      if (kind === hostNameType) names.push(name.text());
    }
    if (list.failed || data.failed) return undefined;
  }
  return body.failed || extensions.failed ? undefined : names;
}

/** Reads a buffer from left to right; beyond its end everything is empty, and it has failed. */
class Cursor {
  #at = 0;
  failed = false;

  constructor(private readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  number(size: 1 | 2): number {
    const part = this.#take(size);
    return this.failed ? 0 : part.readUIntBE(0, size);
  }

  skip(size: number): void {
    this.#take(size);
  }

  part(size: number): Cursor {
    return new Cursor(this.#take(size));
  }

  text(): string {
    return this.bytes.toString('latin1');
  }

  #take(size: number): Buffer {
    if (size > this.left) this.failed = true;
    const part = this.failed ? Buffer.alloc(0) : this.bytes.subarray(this.#at, this.#at + size);
    this.#at += part.length;
    return part;
  }
}
