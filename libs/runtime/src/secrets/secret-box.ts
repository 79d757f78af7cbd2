import { createSecretKey, type KeyObject } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { RemudaError, type SecretSeal, type Secrets } from '@remuda/domain';

/** A key of AES-256, in bytes. */
const keyBytes = 32;
/** Encrypts with the key itself, by AES-256 in Galois/Counter mode (RFC 7518, 4.5 and 5.3). */
const algorithm = { alg: 'dir', enc: 'A256GCM' } as const;

/**
 * Reads `REMUDA_SECRETS_KEY`: one or more keys of 32 bytes in base64 (either alphabet) or hexadecimal, separated by
 * commas; the first one encrypts, all of them decrypt. Throws what is wrong.
 */
export function readSecretKeys(text: string): readonly KeyObject[] {
  return text.split(',').map((part) => readKey(part.trim()));
}

function readKey(text: string): KeyObject {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (bytes.byteLength === keyBytes && /^[\w+/=-]+$/.test(text)) return createSecretKey(bytes);
  throw new Error('expected keys of 32 bytes in base64 or hexadecimal, as by `openssl rand -base64 32`');
}

/** Secrets as JSON Web Encryptions (RFC 7516) under the keys of a cluster. */
export class SecretBox implements SecretSeal {
  /** @param keys Of `readSecretKeys`; at least one. */
  constructor(private readonly keys: readonly KeyObject[]) {}

  async seal(secrets: Secrets, job: string): Promise<string> {
    const [key] = this.keys;
    if (!key) throw new RemudaError('config.invalid', 'Secrets need a key.');
    return new CompactEncrypt(bytesOf(secrets)).setProtectedHeader({ ...algorithm, job }).encrypt(key);
  }

  async open(sealed: string, job: string): Promise<Secrets> {
    for (const key of this.keys) {
      const opened = await compactDecrypt(sealed, key).catch(() => undefined);
      if (opened?.protectedHeader['job'] === job) return secretsIn(opened.plaintext);
    }
    throw new RemudaError('job.secrets_gone', 'The values of its secrets were encrypted with a key that is not known.');
  }
}

/** The bytes that are encrypted. */
export function bytesOf(secrets: Secrets): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(secrets));
}

/** The reverse of `bytesOf`, for bytes whose authenticity was checked. */
export function secretsIn(bytes: Uint8Array): Secrets {
  return JSON.parse(new TextDecoder().decode(bytes)) as Secrets;
}
