import type { IncomingMessage } from 'node:http';
import type { AuditEntry, AuditLog, Clock, ErrorCode, Principal } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import { auditKind } from './audit-kind.js';

/** A request that was answered. */
export interface Answered {
  /** Its id. */
  readonly request: string;
  readonly raw: Pick<IncomingMessage, 'method' | 'url'> & {
    readonly socket: { readonly remoteAddress?: string | undefined };
  };
  readonly status: number;
  /** The code of a problem document. */
  readonly code?: ErrorCode | undefined;
  readonly principal?: Principal | undefined;
  /** Whether its route steers something. */
  readonly steers: boolean;
}

/** Writes what was refused to someone, and what steered something, to the audit log and to the app's own. */
export class Audit {
  constructor(
    private readonly entries: AuditLog,
    private readonly clock: Clock,
    private readonly log: Pick<Logger, 'info'>,
  ) {}

  /** Notes a request, if the audit log wants it. */
  note(answered: Answered): void {
    const kind = auditKind(answered.code, answered.steers);
    if (!kind) return;
    const entry = { kind, at: this.clock.now(), ...entryOf(answered) };
    this.log.info({ audit: entry }, `${kind}: ${entry.method} ${entry.path}`);
    void this.entries.append(entry);
  }
}

function entryOf({ request, raw, status, code, principal }: Answered): Omit<AuditEntry, 'kind' | 'at'> {
  const from = raw.socket.remoteAddress;
  return {
    request,
    method: raw.method ?? '',
    path: (raw.url ?? '').split('?', 1)[0]?.slice(0, 500) ?? '',
    status,
    ...(code === undefined ? {} : { code }),
    ...(from === undefined ? {} : { from }),
    ...(principal ? { subject: principal.subject, tenant: principal.tenant } : {}),
    ...(principal?.key === undefined ? {} : { key: principal.key }),
  };
}
