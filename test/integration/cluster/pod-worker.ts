import { systemClock, createLogger } from '@remuda/runtime';
import type { Engine } from '@remuda/domain';
import { workerEnv, type WorkerProfile } from '@remuda/protocol';
import { redisKeys, RedisWorkerLine } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { Worker } from '../../../apps/worker/src/worker.js';

/** A worker in this very process, with the environment that it was given at its enrolment, as one in a pod has. */
export function podWorker(env: Readonly<Record<string, string>>, engine: Engine) {
  const profile = JSON.parse(env[workerEnv.profile] ?? '{}') as WorkerProfile;
  const id = env[workerEnv.id] ?? '';
  const connect = () => connectRaw(env[workerEnv.redisUrl] ?? '', { name: id });
  const line = new RedisWorkerLine(connect, redisKeys(env[workerEnv.namespace] ?? ''), id);
  const worker = new Worker({
    ...{ line, engine, afterJobs: profile.afterJobs, drainMs: 10_000, clock: systemClock },
    workspace: {
      prepare: async () => undefined,
      collect: async () => ({ warnings: [] }),
      clear: async () => undefined,
    },
    log: createLogger({ name: 'worker', level: 'silent' }),
  });
  void worker.run();
  return {
    /** As by SIGTERM. */
    leave: () => worker.leave(),
    crash: () => void line.close(),
  };
}
