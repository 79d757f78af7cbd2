// The workers of the two hops, each on a queue and connections of its own, all in this process.
import { Worker as BullConsumer } from 'bullmq';
import { Redis } from 'ioredis';
import { serve } from '../parts/member.js';
import { overChannel, workerQueue } from './hops.js';

const [url = '', prefix = '', workers = '20'] = process.argv.slice(2);

serve(async () => {
  const consumers = Array.from({ length: Number(workers) }, (_, worker) => {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const carryOut = async ({ id = '' }: { id?: string | undefined }): Promise<string> => {
      await connection.publish(overChannel, id);
      return 'ok';
    };
    return new BullConsumer(workerQueue(worker), carryOut, { connection, prefix, concurrency: 1 });
  });
  await Promise.all(consumers.map((consumer) => consumer.waitUntilReady()));
});
