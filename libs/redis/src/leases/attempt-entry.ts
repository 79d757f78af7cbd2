import { failureRule, type EndedAttempt, type Failure, type LastOfAttempt } from '@remuda/domain';
import { parseJson } from '@remuda/protocol';

/** Maximum number of attempts kept per job: more than one redrive can make. */
export const maxAttemptEntries = 100;
const maxMessageLength = 4_000;
const maxLines = 40;
const maxLineLength = 500;

/**
 * What is known about an attempt's failure at its end, as members of a JSON object; the ending script prepends those
 * from the record, and appends what the attempt has spent. Long messages and outputs are truncated: the last lines matter most.
 */
export function attemptMembers(failure: Failure, endedAt: number, last: LastOfAttempt = {}): string {
  return JSON.stringify({ endedAt, failure: cut(failure), ...last }).slice(1, -1);
}

function cut({ code, message, lastLines, resetAt }: Failure): Failure {
  return {
    code,
    message: message.slice(0, maxMessageLength),
    ...(lastLines ? { lastLines: lastLines.slice(-maxLines).map((line) => line.slice(0, maxLineLength)) } : {}),
    ...(resetAt === undefined ? {} : { resetAt }),
  };
}

/** Reads an entry of a job's list of attempts. */
export function readAttempt(entry: string): EndedAttempt | undefined {
  return parseJson(entry) as EndedAttempt | undefined;
}

/** Whether such a failed job needs a person: a retry may end differently. */
export function isDeadLetter(failure: Failure): boolean {
  const { class: kind } = failureRule(failure.code);
  return kind !== 'user' && kind !== 'cancelled';
}
