import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import {
  Housekeeping,
  SessionExpiry,
  WorkerAccess,
  bullOptions,
  redisKeys,
  serviceQueue,
  type RedisConnection,
} from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import { HousekeepingWork, housekeepingParts, type HousekeepingParts } from './housekeeping-work.js';

/** Dependencies of the cluster's own work. */
export interface ServicePlan {
  /** Opens a connection that waits during an outage of Redis. */
  readonly connect: (name: string) => RedisConnection;
  readonly namespace: string;
  /** Whether each worker gets its own Redis account. */
  readonly acl: boolean;
  /** Days after which sessions are removed that nobody has used; 0, the default: never. */
  readonly sessionDays?: number | undefined;
  readonly log: Logger;
}

const dayMs = 86_400_000;

/** The cluster's own work, from a BullMQ queue that all schedulers share. */
@Module({})
export class ServiceModule {
  static register({ connect, namespace, acl, sessionDays = 0, log }: ServicePlan): DynamicModule {
    const keys = redisKeys(namespace);
    const connection = connect('scheduler-service');
    const parts: HousekeepingParts = {
      connection,
      housekeeping: new Housekeeping(connection, keys),
      expiry: sessionDays === 0 ? undefined : new SessionExpiry(connection, keys, sessionDays * dayMs),
      access: acl ? new WorkerAccess(connection, keys) : undefined,
      log,
    };
    return {
      module: ServiceModule,
      imports: [
        BullModule.forRoot(bullOptions(connection, keys)),
        BullModule.registerQueue({ name: serviceQueue, streams: { events: { maxLen: 100 } } }),
      ],
      providers: [{ provide: housekeepingParts, useValue: parts }, HousekeepingWork],
    };
  }
}
