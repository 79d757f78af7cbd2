import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const pattern = /^rk_([0-9a-f]{16})_([0-9a-f]{64})$/;

/** The two halves of an API key: its id finds its record, its secret proves it. */
export interface ApiKeyParts {
  readonly id: string;
  readonly secret: string;
}

/** A new API key, `rk_<id>_<secret>`. The secret has 256 random bits. */
export function makeApiKey(): ApiKeyParts & { readonly text: string } {
  const [id, secret] = [randomBytes(8).toString('hex'), randomBytes(32).toString('hex')];
  return { id, secret, text: `rk_${id}_${secret}` };
}

/** The parts of an API key; undefined for any other text. */
export function readApiKey(text: string): ApiKeyParts | undefined {
  const [, id, secret] = pattern.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * SHA-256 in hex, under which a secret of 256 random bits is kept. A slow hash for passwords would add nothing: it
 * defends what people choose against guessing, and such a secret cannot be guessed.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether a secret has this hash, in a time that does not depend on the answer. */
export function fitsHash(secret: string, hash: string): boolean {
  const [own, kept] = [Buffer.from(hashSecret(secret)), Buffer.from(hash)];
  return own.length === kept.length && timingSafeEqual(own, kept);
}
