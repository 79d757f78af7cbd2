import { workerPhases, type NewEvent, type Outcome, type WorkerPhase } from '@remuda/domain';
import { fitOf, formatIn, messageFormats, type Formats } from '../format.js';
import { isRecord, parseJson } from '../reader/json.js';
import { readOutcome } from './outcome.js';
import { flag, idText, lease, oneOf, optional, shape, time, upTo, type Reader } from '../reader/shape.js';
import { readWorkerEvent } from './worker-event.js';

/**
 * What a worker writes to its own stream `wk:<id>:out`: a JSON array in the field `d` of each entry.
 * The reader trusts nothing in it, since a worker's container may be hostile: each report is read field by field into a fresh one,
 * with names, numbers and depth within bounds.
 */
export type WorkerReport =
  | {
      readonly kind: 'heartbeat';
      readonly phase: WorkerPhase;
      /** Resident memory of the worker, of Claude Code and of all that it started, in MiB. */
      readonly rssMb: number;
      /** The version of Claude Code, where it has said it. */
      readonly claudeVersion?: string;
      readonly job?: string;
      readonly lease?: number;
      /** Set by the reader, where it is an older one than ours. */
      readonly format?: number;
    }
  /** `idle` names the attempt that was finished before it, if there was one: an older report of the kind is out of date. */
  | {
      readonly kind: 'phase';
      readonly phase: WorkerPhase;
      readonly job?: string;
      readonly lease?: number;
      /** With `idle`: the sha256 in hex of the bridge token that the next job is to be granted to. */
      readonly grant?: string;
      /** With `idle`: the same as with a heartbeat. */
      readonly rssMb?: number;
      /** The engine could not be made warm: the next job has to start it. */
      readonly cold?: boolean;
      /** Set by the reader, where it is an older one than ours. */
      readonly format?: number;
    }
  /** The assignment was taken up. */
  | { readonly kind: 'started'; readonly job: string; readonly lease: number; readonly at: number }
  | {
      readonly kind: 'events';
      readonly job: string;
      readonly lease: number;
      readonly events: readonly NewEvent[];
      /** Set by the reader: so many more were said that are no events of a worker's. */
      readonly refused?: number;
    }
  | { readonly kind: 'outcome'; readonly job: string; readonly lease: number; readonly outcome: Outcome };

/** A report of a format that is not understood: of whatever kind, all that is read of it is its number. */
export interface IncompatibleReport {
  readonly kind: 'incompatible';
  readonly format: number;
}

/** Largest entry in characters; a larger one is refused by the reader. */
export const maxReportBytes = 16 * 1024 * 1024;

const kinds = ['heartbeat', 'phase', 'started', 'events', 'outcome'] as const;
type Of<K extends WorkerReport['kind']> = Extract<WorkerReport, { readonly kind: K }>;

/** Above the memory of any machine. */
const maxRssMb = 1e9;
/** As short as any version is. */
const version: Reader<string> = (value) =>
  typeof value === 'string' && /^\d[\w.+-]{0,39}$/.test(value) ? value : undefined;
const hash: Reader<string> = (value) => (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : undefined);

/** Writes a report as it stands in an entry. */
export function encodeReport(report: WorkerReport): string {
  return JSON.stringify({ v: messageFormats.own, ...report });
}

/** Puts together what was said in one go, as an entry of the stream holds it. */
export function joinReports(encoded: readonly string[]): string {
  return `[${encoded.join(',')}]`;
}

const held = { job: idText, lease };
const readHeld = shape<{ readonly job: string; readonly lease: number }>(held);

const readers: { readonly [K in WorkerReport['kind']]: Reader<Of<K>> } = {
  heartbeat: shape<Omit<Of<'heartbeat'>, 'format'>>({
    kind: oneOf(['heartbeat']),
    phase: oneOf(workerPhases),
    rssMb: upTo(maxRssMb),
    claudeVersion: optional(version),
    job: optional(idText),
    lease: optional(lease),
  }),
  phase: shape<Omit<Of<'phase'>, 'format'>>({
    kind: oneOf(['phase']),
    phase: oneOf(workerPhases),
    job: optional(idText),
    lease: optional(lease),
    grant: optional(hash),
    rssMb: optional(upTo(maxRssMb)),
    cold: optional(flag),
  }),
  started: shape<Of<'started'>>({ kind: oneOf(['started']), ...held, at: time }),
  events: readEvents,
  outcome: shape<Of<'outcome'>>({ kind: oneOf(['outcome']), ...held, outcome: readOutcome }),
};

/** Reads what an entry holds, in its order, each into a fresh report; undefined stands for each part that is no report. */
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

/** One event that is none does not take the others along. */
function readEvents(value: unknown): Of<'events'> | undefined {
  const of = readHeld(value);
  const said = isRecord(value) ? value['events'] : undefined;
  if (!of || !Array.isArray(said)) return undefined;
  const events = said.map(readWorkerEvent).filter((event) => event !== undefined);
  const refused = said.length - events.length;
  if (refused > 0 && events.length === 0) return undefined;
  return { kind: 'events', ...of, events, ...(refused > 0 ? { refused } : {}) };
}
