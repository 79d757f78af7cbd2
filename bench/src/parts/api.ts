// The real api in this process, with one route more that answers a constant.
import 'reflect-metadata';
import { readSettings } from '@remuda/domain';
import { publishProfiles, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { createApp } from '@remuda/runtime';
import { planApi } from '../../../apps/api/dist/plan.js';
import { apiSettings } from '../../../apps/api/dist/settings.js';
import { serve } from './member.js';

const [redisUrl = '', namespace = '', jwtSecret = ''] = process.argv.slice(2);
const env = {
  ...{ REMUDA_REDIS_URL: redisUrl, REMUDA_NAMESPACE: namespace, REMUDA_API_PORT: '0', REMUDA_LOG_LEVEL: 'info' },
  REMUDA_JWT_SECRET: jwtSecret,
};
const redis = connectRaw(redisUrl, { name: 'bench' });
const profile = { warm: 1, max: 1 };
await publishProfiles(redis, redisKeys(namespace), { default: profile });

const constant = { id: 'j-0', state: 'queued', url: '/api/v1/jobs/j-0', events: '/api/v1/jobs/j-0/events' };

const app = await createApp(planApi(readSettings(apiSettings, env)));
const fastify = app.getHttpAdapter().getInstance();
fastify.post('/bench/constant', (_request, reply) => reply.status(202).send(constant));
await app.listen(0, '127.0.0.1');

/** CPU time of this process so far, in µs. */
const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

serve(async ({ what }: { readonly what: 'url' | 'cpu' | 'flush' }) => {
  if (what === 'url') return app.getUrl();
  if (what === 'cpu') return cpuUs();
  await redis.flushall();
  await publishProfiles(redis, redisKeys(namespace), { default: profile });
  return undefined;
});
