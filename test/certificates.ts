import { createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key, PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate of ours says. */
export interface Leaf {
  /** Names and IPv4 addresses that it is good for. */
  readonly names: readonly string[];
  /** Default: it began yesterday. */
  readonly from?: Date | undefined;
  /** Default: it ends tomorrow. */
  readonly until?: Date | undefined;
}

const dayMs = 86_400_000;

/** Makes an authority of a test's own, and certificates by it. */
export function makeAuthority() {
  const own = makePair();
  const sign = (
    subject: string,
    publicKey: KeyObject,
    { from, until }: Omit<Leaf, 'names'>,
    extensions: Buffer,
  ): string => pemOf(certificate({ subject, publicKey, from, until, extensions }, own.privateKey));
  const isAuthority = extension('2.5.29.19', sequence(der(0x01, Buffer.from([0xff]))), true);
  return {
    /** The authority's own certificate. */
    ca: sign(issuer, own.publicKey, {}, isAuthority),
    issue: ({ names, ...times }: Leaf): Issued => {
      const { publicKey, privateKey } = makePair();
      const cert = sign('bridge', publicKey, times, extension('2.5.29.17', sequence(...names.map(alternative))));
      return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}

const issuer = 'authority of a test';
const makePair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface Content extends Omit<Leaf, 'names'> {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly extensions: Buffer;
}

/** A certificate of X.509 version 3, with ECDSA and SHA-256, as DER. */
function certificate({ subject, publicKey, from, until, extensions }: Content, by: KeyObject): Buffer {
  const now = Date.now();
  const times = [from ?? new Date(now - dayMs), until ?? new Date(now + dayMs)];
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(issuer),
    sequence(...times.map(time)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extensions)),
  );
  const signature = createSign('sha256').update(content).sign(by);
  return sequence(content, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts));

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const groups = (value: number): number[] => (value < 0x80 ? [value] : [...groups(value >> 7), value & 0x7f]);
  const marked = rest.flatMap((value) =>
    groups(value).map((group, i, all) => (i < all.length - 1 ? group | 0x80 : group)),
  );
  return der(0x06, Buffer.from([first * 40 + second, ...marked]));
}

function nameOf(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

function time(at: Date): Buffer {
  return der(0x18, Buffer.from(`${at.toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`));
}

function extension(id: string, content: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, content));
}

function alternative(name: string): Buffer {
  return isIP(name) === 0 ? der(0x82, Buffer.from(name)) : der(0x87, Buffer.from(name.split('.').map(Number)));
}

function pemOf(content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
