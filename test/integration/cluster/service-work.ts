import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { connectRedis } from '@remuda/redis';
import { createLogger } from '@remuda/runtime';
import { ServiceModule } from '../../../apps/scheduler/src/service/service.module.js';

/** A scheduler's part in the cluster's own work, without the rest of the scheduler. */
export async function startServiceWork(of: {
  readonly redisUrl: string;
  readonly namespace: string;
}): Promise<{ close(): Promise<void> }> {
  const { redisUrl, namespace } = of;
  const module = ServiceModule.register({
    connect: (name) => connectRedis(redisUrl, { name }),
    ...{ namespace, acl: true },
    log: createLogger({ name: 'service', level: 'silent' }),
  });
  // The rule takes NestJS's options, a class of the type only, for a class of which one makes instances.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  return NestFactory.createApplicationContext(module, { logger: false });
}
