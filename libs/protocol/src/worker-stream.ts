import { isFailureCode, type NewEvent, type Outcome, type WorkerPhase } from '@remuda/domain';
import { isRecord, parseJson } from './json.js';

/**
 * What a worker writes to its own stream `wk:<id>:out`: a JSON array in the field `d` of each entry.
 * The reader trusts nothing in it: a worker's container may be hostile.
 */
export type WorkerReport =
  | {
      readonly kind: 'heartbeat';
      readonly phase: WorkerPhase;
      /** Resident memory of the worker, of Claude Code and of all that it started, in MiB. */
      readonly rssMb: number;
      readonly job?: string;
      readonly lease?: number;
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
    }
  /** The assignment was taken up. */
  | { readonly kind: 'started'; readonly job: string; readonly lease: number; readonly at: number }
  | { readonly kind: 'events'; readonly job: string; readonly lease: number; readonly events: readonly NewEvent[] }
  | { readonly kind: 'outcome'; readonly job: string; readonly lease: number; readonly outcome: Outcome };

/** Largest entry in characters; a larger one is refused by the reader. */
export const maxReportBytes = 16 * 1024 * 1024;

/** Writes a report as it stands in an entry. */
export function encodeReport(report: WorkerReport): string {
  return JSON.stringify(report);
}

/** Puts together what was said in one go, as an entry of the stream holds it. */
export function joinReports(encoded: readonly string[]): string {
  return `[${encoded.join(',')}]`;
}

const phases: readonly string[] = ['starting', 'idle', 'busy', 'draining', 'gone'];
const isLease = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

/** Reads what an entry holds, in its order; undefined stands for each part that is no report. */
export function decodeReports(text: string): readonly (WorkerReport | undefined)[] {
  if (text.length > maxReportBytes) return [undefined];
  const value = parseJson(text);
  return Array.isArray(value) ? value.map(readReport) : [undefined];
}

function readReport(value: unknown): WorkerReport | undefined {
  if (!isRecord(value)) return undefined;
  const held = typeof value['job'] === 'string' && isLease(value['lease']);
  switch (value['kind']) {
    case 'heartbeat':
      return isPhase(value['phase']) && typeof value['rssMb'] === 'number'
        ? (value as unknown as WorkerReport)
        : undefined;
    case 'phase':
      return isPhase(value['phase']) &&
        (value['grant'] === undefined || isHash(value['grant'])) &&
        (value['rssMb'] === undefined || typeof value['rssMb'] === 'number')
        ? (value as unknown as WorkerReport)
        : undefined;
    case 'started':
      return held && typeof value['at'] === 'number' ? (value as unknown as WorkerReport) : undefined;
    case 'events':
      return held && Array.isArray(value['events']) && value['events'].every(isNewEvent)
        ? (value as unknown as WorkerReport)
        : undefined;
    case 'outcome':
      return held && isOutcome(value['outcome']) ? (value as unknown as WorkerReport) : undefined;
    default:
      return undefined;
  }
}

const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isPhase = (value: unknown): boolean => typeof value === 'string' && phases.includes(value);

/** Events that only the relay and the scheduler may write: a worker that sends one is refused. */
const reserved = /^(job|stream)\./;

function isNewEvent(value: unknown): value is NewEvent {
  return (
    isRecord(value) &&
    typeof value['type'] === 'string' &&
    !reserved.test(value['type']) &&
    /^[a-z_]{1,30}\.[a-z_]{1,30}$/.test(value['type']) &&
    typeof value['at'] === 'number' &&
    isRecord(value['data'])
  );
}

function isOutcome(value: unknown): value is Outcome {
  if (!isRecord(value)) return false;
  const result = value['result'];
  const resultFits =
    isRecord(result) &&
    typeof result['text'] === 'string' &&
    typeof result['costUsd'] === 'number' &&
    isRecord(result['usage']);
  switch (value['kind']) {
    case 'succeeded':
      return resultFits;
    case 'failed': {
      const failure = value['failure'];
      return (
        (result === undefined || resultFits) &&
        isRecord(failure) &&
        typeof failure['code'] === 'string' &&
        isFailureCode(failure['code']) &&
        typeof failure['message'] === 'string'
      );
    }
    case 'cancelled':
      return result === undefined || resultFits;
    default:
      return false;
  }
}
