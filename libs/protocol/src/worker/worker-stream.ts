import {
  permissionModes,
  workerPhases,
  type NewEvent,
  type Outcome,
  type PermissionMode,
  type WorkerPhase,
} from '@remuda/domain';
import { fitOf, formatIn, messageFormats, type Formats } from '../format.js';
import { hash } from '../reader/hash.js';
import { isRecord, parseJson } from '../reader/json.js';
import { readOutcome } from './outcome.js';
import { flag, idText, lease, oneOf, optional, shape, textUpTo, time, upTo, type Reader } from '../reader/shape.js';
import { readWorkerEvent } from './worker-event.js';

/**
 * What a worker writes to its own stream `wk:<id>:out`: a JSON array in the field `d` of each entry. The reader trusts
 * none of it, since a worker's container may be hostile: each report is copied field by field, with limits on names,
 * numbers and depth.
 */
export type WorkerReport =
  | {
      readonly kind: 'heartbeat';
      readonly phase: WorkerPhase;
      /** Resident memory of the worker, Claude Code and all processes it started, in MiB. */
      readonly rssMb: number;
      /** The version of Claude Code, once known. */
      readonly claudeVersion?: string;
      /** The permission mode of the spare that it keeps while it is idle; absent if its engine or release knows no choice. */
      readonly spare?: PermissionMode | 'none';
      readonly job?: string;
      readonly lease?: number;
      /** The session for whose next turn it waits. */
      readonly session?: string;
      /** The public key to which secrets for this process are encrypted. */
      readonly key?: string;
      /** Set by the reader, if it is older than ours. */
      readonly format?: number;
    }
  /** `idle` names the attempt that was finished before it, if any: an earlier report of this kind is outdated. */
  | {
      readonly kind: 'phase';
      readonly phase: WorkerPhase;
      readonly job?: string;
      readonly lease?: number;
      /** With `idle`: the sha256 in hex of the bridge token to be granted to the next job. */
      readonly grant?: string;
      /** With `idle`: the same as with a heartbeat. */
      readonly rssMb?: number;
      readonly key?: string;
      /** The engine could not be warmed up: the next job has to start it. */
      readonly cold?: boolean;
      /** Set by the reader, if it is older than ours. */
      readonly format?: number;
    }
  /** The assignment was taken. */
  | { readonly kind: 'started'; readonly job: string; readonly lease: number; readonly at: number }
  | {
      readonly kind: 'events';
      readonly job: string;
      readonly lease: number;
      readonly events: readonly NewEvent[];
      /** Set by the reader: this many more reports were not valid events of a worker. */
      readonly refused?: number;
    }
  | { readonly kind: 'outcome'; readonly job: string; readonly lease: number; readonly outcome: Outcome }
  /** What came of the snapshot of a turn whose outcome was told before. `lost`: why it was not stored, as a sentence. */
  | {
      readonly kind: 'kept';
      readonly job: string;
      readonly lease: number;
      readonly lost?: string;
      /** The worker waits for the session's next turn: as `holds` of an outcome. */
      readonly holds?: string;
    };

/** A report in an unsupported format: only the format's number is read. */
export interface IncompatibleReport {
  readonly kind: 'incompatible';
  readonly format: number;
}

/** Maximum length of an entry in characters; the reader refuses longer ones. */
export const maxReportBytes = 16 * 1024 * 1024;

const kinds = ['heartbeat', 'phase', 'started', 'events', 'outcome', 'kept'] as const;
type Of<K extends WorkerReport['kind']> = Extract<WorkerReport, { readonly kind: K }>;

/** More than the memory of any machine. */
const maxRssMb = 1e9;
/** Maximum length of the reason why a snapshot was not stored, in characters. */
const maxReason = 1_000;
/** Maximum length of a version. */
const version: Reader<string> = (value) =>
  typeof value === 'string' && /^\d[\w.+-]{0,39}$/.test(value) ? value : undefined;

/** Writes a report for an entry. */
export function encodeReport(report: WorkerReport): string {
  return JSON.stringify({ v: messageFormats.own, ...report });
}

/** Combines reports into one entry of the stream. */
export function joinReports(encoded: readonly string[]): string {
  return `[${encoded.join(',')}]`;
}

/** A point on P-256: both coordinates in base64url. */
const publicKey: Reader<string> = (value) =>
  typeof value === 'string' && /^[\w-]{43}\.[\w-]{43}$/.test(value) ? value : undefined;

const held = { job: idText, lease };
const readHeld = shape<{ readonly job: string; readonly lease: number }>(held);

const readers: { readonly [K in WorkerReport['kind']]: Reader<Of<K>> } = {
  heartbeat: shape<Omit<Of<'heartbeat'>, 'format'>>({
    kind: oneOf(['heartbeat']),
    phase: oneOf(workerPhases),
    rssMb: upTo(maxRssMb),
    claudeVersion: optional(version),
    spare: optional(oneOf([...permissionModes, 'none'])),
    job: optional(idText),
    lease: optional(lease),
    session: optional(idText),
    key: optional(publicKey),
  }),
  phase: shape<Omit<Of<'phase'>, 'format'>>({
    kind: oneOf(['phase']),
    phase: oneOf(workerPhases),
    job: optional(idText),
    lease: optional(lease),
    grant: optional(hash),
    rssMb: optional(upTo(maxRssMb)),
    key: optional(publicKey),
    cold: optional(flag),
  }),
  started: shape<Of<'started'>>({ kind: oneOf(['started']), ...held, at: time }),
  events: readEvents,
  outcome: shape<Of<'outcome'>>({ kind: oneOf(['outcome']), ...held, outcome: readOutcome }),
  kept: shape<Of<'kept'>>({
    ...{ kind: oneOf(['kept']), ...held },
    ...{ lost: optional(textUpTo(maxReason)), holds: optional(hash) },
  }),
};

/** Reads the reports of an entry in order, each into a fresh one; undefined for each invalid part. */
export function decodeReports(
  content: string,
  formats: Formats = messageFormats,
): readonly (WorkerReport | IncompatibleReport | undefined)[] {
  if (content.length > maxReportBytes) return [undefined];
  const value = parseJson(content);
  return Array.isArray(value) ? value.map((each: unknown) => readReport(each, formats)) : [undefined];
}

function readReport(value: unknown, formats: Formats): WorkerReport | IncompatibleReport | undefined {
  if (!isRecord(value)) return undefined;
  const format = formatIn(value);
  if (format === undefined) return undefined;
  const fit = fitOf(format, formats);
  if (fit === 'newer' || fit === 'outdated') return { kind: 'incompatible', format };
  const kind = oneOf(kinds)(value['kind']);
  const report = kind && readers[kind](value);
  if (fit === 'equal' || (report?.kind !== 'heartbeat' && report?.kind !== 'phase')) return report;
  return { ...report, format };
}

/** One invalid event does not invalidate the others. */
function readEvents(value: unknown): Of<'events'> | undefined {
  const of = readHeld(value);
  const said = isRecord(value) ? value['events'] : undefined;
  if (!of || !Array.isArray(said)) return undefined;
  const events = said.map(readWorkerEvent).filter((event) => event !== undefined);
  const refused = said.length - events.length;
  if (refused > 0 && events.length === 0) return undefined;
  return { kind: 'events', ...of, events, ...(refused > 0 ? { refused } : {}) };
}
