import { RemudaError } from '@remuda/domain';

/** Exit code of an app that refuses to start for a reason that the operator can fix (`EX_CONFIG` of sysexits.h). */
export const configExitCode = 78;

/** The message of a failed start and the exit code. */
export interface StartFault {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/**
 * Reports a failed start to a person: for our own errors the sentence and one line per fault, without a stack trace;
 * for any other error everything, since it is a bug.
 */
export function describeStartFault(name: string, error: unknown): StartFault {
  if (!(error instanceof RemudaError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { lines: [`remuda ${name} could not start: ${text}`], exitCode: 1 };
  }
  const [sentence = ''] = error.message.split('\n', 1);
  const faults = (error.extra.faults ?? []).map((fault) => `  ${fault.path}: ${fault.message}`);
  return { lines: [`remuda ${name} does not start [${error.code}] ${sentence}`, ...faults], exitCode: configExitCode };
}

/** Writes a failed start to standard error and exits the process. */
export function exitOnStartFault(name: string, error: unknown): never {
  const fault = describeStartFault(name, error);
  process.stderr.write(`${fault.lines.join('\n')}\n`);
  process.exit(fault.exitCode);
}
