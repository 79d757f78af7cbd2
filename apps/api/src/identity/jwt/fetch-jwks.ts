import { isRecord, parseJson } from '@remuda/protocol';
import type { JSONWebKeySet, JWK } from 'jose';

/** Limits of an answer: its time in ms, its size in bytes, and the keys in it. */
const limits = { ms: 3_000, bytes: 256 * 1024, keys: 100 } as const;

/** Fetches an issuer's public keys. Rejects with an Error that says in words why there are none. */
export async function fetchJwks(url: URL): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(limits.ms);
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
  const body = await readLimited(response);
  if (response.status !== 200) throw new Error(`it answered ${String(response.status)}`);
  return readJwks(body);
}

async function readLimited({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > limits.bytes) throw new Error(`it sent more than ${String(limits.bytes)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The public keys in a document; a secret key in it would let anyone who can read it sign tokens. */
function readJwks(text: string): JSONWebKeySet {
  const read = parseJson(text);
  const keys: unknown = isRecord(read) ? read['keys'] : undefined;
  if (!Array.isArray(keys)) throw new Error('it sent no JWK set');
  if (keys.length > limits.keys) throw new Error(`it sent more than ${String(limits.keys)} keys`);
  return {
    keys: keys.filter((key): key is JWK => isRecord(key) && typeof key['kty'] === 'string' && key['kty'] !== 'oct'),
  };
}
