import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { RemudaError, type Secrets } from '@remuda/domain';
import { bytesOf, secretsIn } from './secret-box.js';

/** A key agreement for each message on P-256, which every Node knows (RFC 7518, 4.6 and 5.3). */
const algorithm = { alg: 'ECDH-ES', enc: 'A256GCM' } as const;

/** The key pair of one worker process: it never leaves its memory, and ends with it. */
export interface WorkerKey {
  /** `<x>.<y>`, both in base64url: what `sealFor` takes. */
  readonly publicKey: string;
  /** Opens what `sealFor` made of the secrets of this job. Rejects with `job.secrets_gone`. */
  open(sealed: string, job: string): Promise<Secrets>;
}

/** Makes a new key pair. */
export function makeWorkerKey(): WorkerKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { publicKey: `${x}.${y}`, open: (sealed, job) => open(privateKey, sealed, job) };
}

async function open(key: KeyObject, sealed: string, job: string): Promise<Secrets> {
  const opened = await compactDecrypt(sealed, key).catch(() => undefined);
  if (opened?.protectedHeader['job'] !== job)
    throw new RemudaError('job.secrets_gone', 'The values of its secrets were encrypted to another worker.');
  return secretsIn(opened.plaintext);
}

/** Encrypts the secrets of a job to the worker that gets it. Rejects if the worker reported no valid key. */
export async function sealFor(publicKey: string, secrets: Secrets, job: string): Promise<string> {
  const [x = '', y = ''] = publicKey.split('.');
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  return new CompactEncrypt(bytesOf(secrets)).setProtectedHeader({ ...algorithm, job }).encrypt(key);
}
