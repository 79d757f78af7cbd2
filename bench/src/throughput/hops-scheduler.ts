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
  const free = Array.from({ length: Number(workers) }, (_, worker) => {
    return { worker, queue: new Queue(workerQueue(worker), { connection, prefix, defaultJobOptions: keepFinished }) };
  });
  const over = new Map<string, () => void>();
  const listening = connect();
  await listening.subscribe(overChannel);
  listening.on('message', (_channel: string, id: string) => over.get(id)?.());
  const hand = async (id: string, data: unknown): Promise<string> => {
    const one = free.pop();
    if (!one) throw new Error('no worker is free');
    const ended = new Promise<void>((resolve) => over.set(id, resolve));
    await one.queue.add('ticket', data, { jobId: id });
    await ended;
    over.delete(id);
    free.push(one);
    return 'ok';
  };
  const consumer = new BullConsumer(firstQueue, (job) => hand(job.id ?? '', job.data), {
    connection: connect(),
    prefix,
    concurrency: Number(workers),
  });
  await consumer.waitUntilReady();
});
