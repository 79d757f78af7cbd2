// The real scheduler; its workers are started in another process of the benchmark.
import { RemoteRuntime } from './remote-runtime.js';
import { connectRaw } from '@remuda/redis/testing';
import { createLogger, createRegistry, systemClock } from '@remuda/runtime';
import { defaultProfile } from '../../../apps/scheduler/dist/profiles/profiles.js';
import { Scheduler } from '../../../apps/scheduler/dist/scheduler.js';
import { note, serve } from './member.js';

const [redisUrl = '', namespace = '', workers = '20'] = process.argv.slice(2);
const max = Number(workers);
const profile = defaultProfile('default', { image: 'none', warm: max, max });

const scheduler = new Scheduler({
  id: 's-bench',
  connect: (name) => connectRaw(redisUrl, { name }),
  namespace,
  profiles: [{ ...profile, recycle: { ...profile.recycle, afterJobs: 1_000_000 } }],
  runtime: new RemoteRuntime(note),
  surroundings: {
    reachesRedis: 'directly',
    namespace,
    redisUrl,
    logLevel: 'info',
    drainMs: 10_000,
  },
  suspendAfter: 5,
  acl: true,
  workersOnExit: 'keep',
  clock: systemClock,
  registry: createRegistry('scheduler'),
  log: createLogger({ name: 'scheduler', level: 'info' }),
});

serve(({ what }: { readonly what: 'start' | 'stop' }) => (what === 'start' ? scheduler.start() : scheduler.stop()));
