import type { QueueOptions } from 'bullmq';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';

/** What `@nestjs/bullmq` opens queues and processors with: to be handed on, not to be looked into. The connection stays its owner's to close. */
export function bullOptions(connection: RedisConnection, keys: RedisKeys): Pick<QueueOptions, 'connection' | 'prefix'> {
  return { connection: clientOf(connection), prefix: keys.bull };
}
