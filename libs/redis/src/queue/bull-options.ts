import type { QueueOptions } from 'bullmq';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';

/**
 * The options with which `@nestjs/bullmq` opens queues and processors: passed through, not inspected. The owner of the
 * connection closes it.
 */
export function bullOptions(connection: RedisConnection, keys: RedisKeys): Pick<QueueOptions, 'connection' | 'prefix'> {
  return { connection: clientOf(connection), prefix: keys.bull };
}
