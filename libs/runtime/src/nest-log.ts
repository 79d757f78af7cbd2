import type { LoggerService } from '@nestjs/common';
import type { LogLevel, Logger } from './log.js';

type Level = Exclude<LogLevel, 'silent'>;

/** The parts of NestJS that log a failed start which they also throw: `runApp` reports that to the operator. */
const toldByRunApp: readonly unknown[] = ['ExceptionHandler', 'NestApplication'];

/** Lets NestJS write into our log. Its list of modules and routes is logged at `debug`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write(toldByRunApp.includes(rest.at(-1)) ? 'debug' : 'error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** NestJS passes the context as the last argument, and a stack, if any, before it. */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const fields = { context: rest.at(-1), ...(rest.length > 1 ? { stack: rest[0] } : {}) };
    if (message instanceof Error) this.logger[level]({ ...fields, err: message }, message.message);
    else this.logger[level](fields, typeof message === 'string' ? message : JSON.stringify(message));
  }
}
