import type { AuditEntry, AuditPlace, AuditQuery, AuditRecord } from '../ports/audit-log.port.js';

/** Whether an entry is further down in a list of the audit log than another one: negative if it is further up. */
export function compareAudit(a: AuditPlace, b: AuditPlace): number {
  if (a.at !== b.at) return b.at - a.at;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}

/** Whether a query selects an entry, apart from the place at which its page begins. */
export function selectsAudit(query: AuditQuery, entry: AuditEntry): boolean {
  const { tenant, orUnknown = false, who, kind, since, until, path, request } = query;
  return (
    (tenant === undefined || entry.tenant === tenant || (orUnknown && entry.tenant === undefined)) &&
    (who === undefined || entry.subject === who || entry.key === who) &&
    (kind === undefined || entry.kind === kind) &&
    (since === undefined || entry.at >= since) &&
    (until === undefined || entry.at <= until) &&
    (path === undefined || entry.path.startsWith(path)) &&
    (request === undefined || entry.request === request)
  );
}

/** A page of several sources, each of which has given its own first `limit` entries: one that several have comes once. */
export function mergeAudit(sources: readonly (readonly AuditRecord[])[], limit: number): readonly AuditRecord[] {
  const all = new Map(sources.flat().map((entry) => [`${entry.at} ${entry.id}`, entry]));
  return [...all.values()].sort(compareAudit).slice(0, limit);
}
