import { afterAll, beforeAll } from 'vitest';
import { decodeReports, encodeControl, type WorkerReport } from '@remuda/protocol';
import { ProfileQueue, Queues, RedisWorkerLine, WorkerRegistry, redisKeys } from '@remuda/redis';
import { connectRaw, presenceOf } from '@remuda/redis/testing';
import { ManualClock } from '@remuda/testing';
import { assignJob, worker } from '../../integration/redis/assign-job.js';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { workerLineContract } from './worker-line.contract.js';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

workerLineContract('The one over Redis', async () => {
  const keys = redisKeys(`line-${String(++runs)}`);
  const redis = connectRaw(server.url, { name: 'test' });
  const queues = new Queues(redis, keys);
  const queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
  const clock = new ManualClock(Date.now());
  const line = new RedisWorkerLine(() => connectRaw(server.url, { name: worker }), keys, worker);
  return {
    line,
    assign: async (job, prompt) => {
      await assignJob({ queues, queue, clock }, job, prompt);
    },
    control: (control) => new WorkerRegistry(queues, presenceOf(queues, 's-0')).tell(worker, encodeControl(control)),
    heard: async () => {
      const entries = await redis.xrange(keys.workerOut(worker), '-', '+');
      return entries.flatMap(([, fields]) => decodeReports(fields[1] ?? '')) as readonly WorkerReport[];
    },
    close: async () => {
      await line.close();
      await queue.close();
      await queues.close();
      redis.close();
    },
  };
});
