// As many bare BullMQ consumers as the other side has workers, each on connections of its own, all in this process.
import { Worker as BullConsumer } from 'bullmq';
import { Redis } from 'ioredis';
import { serve } from '../parts/member.js';
import { bareQueue } from './bare.js';

const [url = '', prefix = '', workers = '20'] = process.argv.slice(2);

serve(async () => {
  const consumers = Array.from({ length: Number(workers) }, () => {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    return new BullConsumer(bareQueue, () => Promise.resolve('ok'), { connection, prefix, concurrency: 1 });
  });
  await Promise.all(consumers.map((consumer) => consumer.waitUntilReady()));
});
