// Two hops of BullMQ and nothing else: takes jobs from one queue, hands each to a free worker's own, and ends it when that says so.
import { Queue, Worker as BullConsumer } from 'bullmq';
import { Redis } from 'ioredis';
import { serve } from '../parts/member.js';
import { keepFinished } from './bare.js';
import { firstQueue, overChannel, workerQueue } from './hops.js';

const [url = '', prefix = '', workers = '20'] = process.argv.slice(2);

serve(async () => {
  const connect = (): Redis => new Redis(url, { maxRetriesPerRequest: null });
  const connection = connect();
  const options = { connection, prefix, defaultJobOptions: keepFinished };
  /** The queues of the workers that are free. */
  const free = Array.from({ length: Number(workers) }, (_, worker) => new Queue(workerQueue(worker), options));
  const over = new Map<string, () => void>();
  const listening = connect();
  await listening.subscribe(overChannel);
  listening.on('message', (_channel: string, id: string) => over.get(id)?.());
  const hand = async (id: string, data: unknown): Promise<string> => {
    const queue = free.pop();
    if (!queue) throw new Error('no worker is free');
    const ended = new Promise<void>((resolve) => over.set(id, resolve));
    await queue.add('ticket', data, { jobId: id });
    await ended;
    over.delete(id);
    free.push(queue);
    return 'ok';
  };
  const consumer = new BullConsumer(firstQueue, (job) => hand(job.id ?? '', job.data), {
    connection: connect(),
    prefix,
    concurrency: Number(workers),
  });
  await consumer.waitUntilReady();
});
