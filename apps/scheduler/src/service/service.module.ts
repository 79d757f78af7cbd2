import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import { Housekeeping, WorkerAccess, bullOptions, redisKeys, serviceQueue, type RedisConnection } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import { HousekeepingWork, housekeepingParts, type HousekeepingParts } from './housekeeping-work.js';

/** What the cluster's own work needs. */
export interface ServicePlan {
  /** Opens a connection that waits while Redis is away. */
  readonly connect: (name: string) => RedisConnection;
  readonly namespace: string;
  /** Whether each worker gets an account of its own at Redis. */
  readonly acl: boolean;
  readonly log: Logger;
}

/** The cluster's own work, which waits in a BullMQ queue and is done by one scheduler of all. */
@Module({})
export class ServiceModule {
  static register({ connect, namespace, acl, log }: ServicePlan): DynamicModule {
    const keys = redisKeys(namespace);
    const connection = connect('scheduler-service');
    const parts: HousekeepingParts = {
      connection,
      housekeeping: new Housekeeping(connection, keys),
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
