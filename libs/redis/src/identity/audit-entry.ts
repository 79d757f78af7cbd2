import type { AuditEntry, AuditKind, AuditRecord } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import type { StreamEntry } from '../events/backlog.js';

/** Digits of an entry's number within its millisecond: ids are compared as texts. */
const digits = 6;

/** An entry of the audit log as its stream has it, at the time when Redis got it; undefined if it is none of ours. */
export function readAuditEntry(kind: AuditKind, [entry, [, text = '']]: StreamEntry): AuditRecord | undefined {
  const read = parseJson(text);
  if (!isRecord(read)) return undefined;
  const [at = '', nth = ''] = entry.split('-');
  return { ...(read as unknown as AuditEntry), kind, at: Number(at), id: `${nth.padStart(digits, '0')}-${kind}` };
}
