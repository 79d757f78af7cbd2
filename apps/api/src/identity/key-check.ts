import { RemudaError, type ApiKeyRecord, type ApiKeys, type Clock, type Principal } from '@remuda/domain';
import { fitsHash, type ApiKeyParts } from '@remuda/runtime';

/** How long a key's record is used without reading it again, in ms, if the news that it was revoked was lost. */
const freshMs = 3_000;
/** Maximum number of records that are kept. */
const most = 1_000;

interface Kept {
  readonly record: ApiKeyRecord;
  readonly readAt: number;
}

/** Checks API keys against their records, which are kept for a few seconds. */
export class KeyCheck {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly keys: ApiKeys,
    private readonly clock: Clock,
  ) {}

  /** Whom a key stands for. Rejects with `token.invalid`, or `redis.unavailable`. */
  async check({ id, secret }: ApiKeyParts): Promise<Principal> {
    const record = this.fresh(id) ?? (await this.read(id));
    if (!record || !fitsHash(secret, record.hash)) throw invalid('There is no such API key.');
    if (record.revokedAt !== undefined) throw invalid('The API key was revoked.');
    if (record.expiresAt !== undefined && record.expiresAt <= this.clock.now())
      throw invalid('The API key has expired.');
    const { name, tenant, scopes, expiresAt } = record;
    return { subject: name, tenant, scopes, by: 'key', key: id, ...(expiresAt === undefined ? {} : { expiresAt }) };
  }

  /** The next check reads the key again. */
  forget(id: string): void {
    this.kept.delete(id);
  }

  private fresh(id: string): ApiKeyRecord | undefined {
    const kept = this.kept.get(id);
    return kept && this.clock.monotonic() - kept.readAt < freshMs ? kept.record : undefined;
  }

  private async read(id: string): Promise<ApiKeyRecord | undefined> {
    const readAt = this.clock.monotonic();
    const record = await this.keys.find(id);
    this.kept.delete(id);
    if (!record) return undefined;
    if (this.kept.size >= most) this.kept.clear();
    this.kept.set(id, { record, readAt });
    return record;
  }
}

const invalid = (message: string): RemudaError => new RemudaError('token.invalid', message);
