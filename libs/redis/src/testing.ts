/**
 * Internals for tests and benchmarks: direct commands, and the scripts. Production code must not import it
 * (`@remuda/redis/testing`); the boundary check enforces that.
 */
import type { Redis } from 'ioredis';
import { openRedis, type ConnectOptions } from './connection/connect.js';
import { rawConnectionOf, type RedisConnection } from './connection/redis-connection.js';
import type { Queues } from './queue/queues.js';
import { Presence } from './workers/own.js';

export { clientOf as commandsOf, rawConnectionOf } from './connection/redis-connection.js';
export { workerRules } from './workers/worker-rules.js';
export { reportScript } from './workers/report.lua.js';
export { relayScript } from './workers/relay.lua.js';
export { assignScript, assignShape } from './leases/assign.lua.js';
export { settleScript, settleShape } from './leases/settle.lua.js';
export { defineScript, definedScripts } from './script/define-script.js';
export { script, type Script } from './script/script.js';

/** What a scheduler with this name has; it has not said that it is present. */
export function presenceOf({ connection, keys }: Pick<Queues, 'connection' | 'keys'>, scheduler: string): Presence {
  return new Presence(connection, keys, scheduler, { monotonic: () => performance.now() });
}

/** A connection with all commands of Redis. */
export type RawConnection = Redis & RedisConnection;

/** As `connectRedis`, with the commands. */
export function connectRaw(url: string, options: ConnectOptions): RawConnection {
  return rawConnectionOf(openRedis(url, options));
}
