import { createHash } from 'node:crypto';
import type { Idempotency } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import { invalid } from '../input/read-dto.js';

const visible = /^[\u0021-\u007e]{1,200}$/;

/** What `Idempotency-Key` promises for this body; rejects with `request.invalid` for a key that is none. */
export function readIdempotency(key: string | undefined, body: unknown): Idempotency | undefined {
  if (key === undefined) return undefined;
  if (!visible.test(key))
    throw invalid([{ path: 'Idempotency-Key', message: 'must have 1 to 200 visible ASCII characters' }]);
  return { key, fingerprint: createHash('sha256').update(canonicalJson(body)).digest('hex') };
}

/** A value's JSON with sorted keys: the same for bodies that say the same. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
