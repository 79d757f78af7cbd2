import { pino, stdTimeFunctions } from 'pino';

/** The levels, from the most verbose to none at all. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** Minimum level of the log lines that are written. */
export type LogLevel = (typeof logLevels)[number];

/** Writes one line: a sentence, preceded by its fields. An error goes in the field `err`. */
export interface LogLine {
  (message: string): void;
  (fields: object, message: string): void;
}

/** An app's log: one JSON object per line. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
  readonly fatal: LogLine;
  /** A logger that adds the fields to all its lines. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

/** Names of fields that could contain a secret; their values are never written. */
const secretFields = ['authorization', 'token', 'password', 'bridgeToken', 'apiKey'];

/**
 * Creates an app's logger. Lines are written to standard output synchronously, so that none is missing when the process
 * dies; `to` is another destination, and `hide` removes secrets from each line. Level: `info` by default.
 */
export function createLogger(
  options: { readonly name: string; readonly level?: LogLevel; readonly hide?: (line: string) => string },
  to: { write(line: string): void } = process.stdout,
): Logger {
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      ...(options.hide ? { hooks: { streamWrite: options.hide } } : {}),
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    },
    to === process.stdout ? pino.destination({ dest: 1, sync: true }) : to,
  );
}
