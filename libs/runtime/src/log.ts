import { pino, stdTimeFunctions } from 'pino';

/** The levels, from the most talkative to none at all. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** Minimum level of the log lines that are written. */
export type LogLevel = (typeof logLevels)[number];

/** Writes one line: a sentence, before it the fields that belong to it. An error goes in the field `err`. */
export interface LogLine {
  (message: string): void;
  (fields: object, message: string): void;
}

/** Where an app says what it does: one JSON object a line. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
  readonly fatal: LogLine;
  /** A logger whose lines all carry the fields. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

/** Names under which a secret could reach a log; their values are never written. */
const secretFields = ['authorization', 'token', 'password', 'bridgeToken', 'apiKey'];

/**
 * Makes an app's logger. Lines go to standard output at once, so that none is missing when the process dies;
 * `to` is another place for them, and `hide` takes out of each what nobody is to read. Level: `info` by default.
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
