import {
  compareAudit,
  mergeAudit,
  selectsAudit,
  type ApiKeyRecord,
  type ApiKeys,
  type AuditEntry,
  type AuditLog,
  type AuditPage,
  type AuditQuery,
  type AuditRecord,
  type Principal,
  type Revocations,
  type Tickets,
} from '@remuda/domain';
import type { ManualClock } from '../manual-clock.js';

/** API keys in memory, and the news of them. Passes the same contract suite as the real ones. */
export class MemoryApiKeys implements ApiKeys, Revocations {
  readonly #keys = new Map<string, ApiKeyRecord>();
  readonly #followers: ((key: string) => void)[] = [];

  async add(key: ApiKeyRecord): Promise<void> {
    this.#keys.set(key.id, key);
  }

  async find(id: string): Promise<ApiKeyRecord | undefined> {
    return this.#keys.get(id);
  }

  async all(): Promise<readonly ApiKeyRecord[]> {
    return [...this.#keys.values()].sort((a, b) => a.createdAt - b.createdAt);
  }

  async revoke(id: string, at: number): Promise<boolean> {
    const key = this.#keys.get(id);
    if (!key) return false;
    this.#keys.set(id, { revokedAt: at, ...key });
    for (const tell of this.#followers) tell(id);
    return true;
  }

  async follow(onRevoked: (key: string) => void): Promise<void> {
    this.#followers.push(onRevoked);
  }

  close(): void {
    this.#followers.length = 0;
  }
}

/** Tickets in memory. Passes the same contract suite as the real ones. */
export class MemoryTickets implements Tickets {
  readonly #tickets = new Map<string, { readonly principal: Principal; readonly until: number }>();

  constructor(private readonly clock: Pick<ManualClock, 'monotonic'>) {}

  async issue(hash: string, principal: Principal, keepMs: number): Promise<void> {
    this.#tickets.set(hash, { principal, until: this.clock.monotonic() + keepMs });
  }

  async redeem(hash: string): Promise<Principal | undefined> {
    const kept = this.#tickets.get(hash);
    this.#tickets.delete(hash);
    return kept && this.clock.monotonic() < kept.until ? kept.principal : undefined;
  }
}

/** An audit log in memory. Passes the same contract suite as the real one. */
export class MemoryAuditLog implements AuditLog {
  readonly #entries: AuditRecord[] = [];

  async append(entry: AuditEntry): Promise<void> {
    this.#entries.push({ ...entry, id: `${String(this.#entries.length).padStart(6, '0')}-${entry.kind}` });
  }

  async list(query: AuditQuery): Promise<AuditPage> {
    const { below, limit } = query;
    const fits = this.#entries.filter((entry) => selectsAudit(query, entry));
    return { entries: mergeAudit([below ? fits.filter((entry) => compareAudit(entry, below) > 0) : fits], limit) };
  }
}
