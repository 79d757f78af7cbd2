import { Webhook } from 'standardwebhooks';

/** Prefix of a key in base64, by the Standard Webhooks specification. */
const keyPrefix = 'whsec_';

/** The headers of a signed message. */
export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * Signs a message by HMAC-SHA256, as the Standard Webhooks specification says. `secret` is `whsec_` with a key in base64, or
 * any other text without white space, whose bytes are the key; several, separated by white space, while a receiver changes from one to the next: each makes
 * a signature. Throws if there is none, or one that is not base64.
 */
export function signedHeaders(secret: string, { id, body }: { id: string; body: string }, now: number): SignedHeaders {
  const keys = secret.split(/\s+/).filter((key) => key !== '');
  if (keys.length === 0) throw new Error('there is no key');
  const at = new Date(now);
  const signatures = keys.map((key) => signerOf(key).sign(id, at, body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}

function signerOf(key: string): Webhook {
  return key.startsWith(keyPrefix) ? new Webhook(key) : new Webhook(key, { format: 'raw' });
}
