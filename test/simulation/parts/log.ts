import type { LogLine, Logger } from '@remuda/runtime';
import type { World } from '../world/world.js';

/** A program's log, as part of what's told of the run. */
export function simulatedLog(world: World, name: string): Logger {
  const line = (level: string): LogLine => {
    return (fields: object | string, message?: string) => {
      const error = typeof fields === 'object' && 'err' in fields ? fields.err : undefined;
      // Nothing of what the simulation can do to a part makes it do this: then the simulation lacks something.
      if (error instanceof TypeError || error instanceof ReferenceError) world.broken ??= String(error.stack);
      if (!world.tell) return;
      const text = typeof fields === 'string' ? fields : `${message ?? ''} ${describe(fields)}`;
      world.tell(`${name} says (${level}): ${text}`);
    };
  };
  const log: Logger = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    fatal: line('fatal'),
    child: () => log,
  };
  return log;
}

function describe(fields: object): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? (value.stack ?? '').slice(0, 400) : value,
  );
}
