// Adds jobs to one BullMQ queue.
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { serve } from '../parts/member.js';
import { keepFinished } from './bare.js';
import { windowed, type Batch } from './windowed.js';

const [url = '', prefix = '', name = ''] = process.argv.slice(2);
const connection = new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue(name, { connection, prefix, defaultJobOptions: keepFinished });

serve((batch: Batch) => windowed(batch, (prompt) => queue.add('job', { prompt }, { jobId: `j-${randomUUID()}` })));
