import { createHash } from 'node:crypto';
import type { JobRequest } from '@remuda/client';
import { UsageError } from '../usage-error.js';
import type { JobCheck } from './job-check.js';

/** A job of a batch file. */
export interface BatchJob {
  /** Number of its line, from 1. */
  readonly line: number;
  readonly job: JobRequest;
  /** The same for the same file, line and run: submitted again it is the same job, for 24 h. */
  readonly key: string;
}

/** A batch file that was read whole. */
export interface Batch {
  /** Names it in the label of its jobs. */
  readonly id: string;
  readonly jobs: readonly BatchJob[];
}

/** Label by which a batch's jobs are found. */
export const batchLabel = 'remuda/batch';
/** How many faults are told at once. */
const mostFaults = 20;

/**
 * Reads a batch: a prompt as a JSON string, or a job as a JSON object, on each line; empty lines and lines that begin
 * with `#` are left out. Throws a UsageError with all faulty lines and their numbers: then nothing was submitted.
 *
 * @param again Something that makes this run another one than those before it.
 */
export function readBatch(text: string, check: JobCheck, defaults: Partial<JobRequest>, again = ''): Batch {
  const id = createHash('sha256').update(again).update('\0').update(text).digest('hex').slice(0, 16);
  const jobs: BatchJob[] = [];
  const faults: string[] = [];
  for (const [n, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const read = readLine(line);
    const own = 'job' in read ? { ...defaults, ...read.job } : undefined;
    const found = 'fault' in read ? [read.fault] : check(own as JobRequest);
    faults.push(...found.map((fault) => `line ${n + 1}: ${fault}`));
    if (own !== undefined && found.length === 0)
      jobs.push({
        line: n + 1,
        job: { ...own, labels: { ...own.labels, [batchLabel]: id } } as JobRequest,
        key: `batch-${id}-${n + 1}`,
      });
  }
  if (faults.length > 0) throw new UsageError(listed(faults));
  if (jobs.length === 0) throw new UsageError('The file has no jobs.');
  return { id, jobs };
}

function readLine(line: string): { readonly job: Partial<JobRequest> } | { readonly fault: string } {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return { fault: 'is not JSON' };
  }
  if (typeof read === 'string') return { job: { prompt: read } };
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return { job: read };
  return { fault: 'must be a string (a prompt), or an object (a job)' };
}

function listed(faults: readonly string[]): string {
  const more = faults.length - mostFaults;
  return ['Nothing was submitted:', ...faults.slice(0, mostFaults), ...(more > 0 ? [`and ${more} more`] : [])].join(
    '\n  ',
  );
}
