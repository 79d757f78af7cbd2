// Submits jobs as the api does, without HTTP before it.
import { randomUUID } from 'node:crypto';
import type { JobSpec } from '@remuda/domain';
import { RedisJobStore, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { serve } from '../parts/member.js';
import { windowed, type Batch } from './windowed.js';

const [url = '', namespace = ''] = process.argv.slice(2);
const store = new RedisJobStore(connectRaw(url, { name: 'producer' }), redisKeys(namespace), systemClock);

const specOf = (prompt: string): JobSpec => ({
  prompt,
  profile: 'default',
  workspace: { kind: 'empty' },
  priority: 5,
  timeoutMs: 60_000,
  attempts: 3,
  deltas: false,
  labels: {},
  metadata: {},
});

serve((batch: Batch) => windowed(batch, (prompt) => store.submit([{ id: `j-${randomUUID()}`, spec: specOf(prompt) }])));
