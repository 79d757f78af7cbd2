// The real scheduler; its workers are started in another process of the benchmark.
import { RemoteRuntime } from './remote-runtime.js';
import { connectRaw } from '@remuda/redis/testing';
import { createLogger, createRegistry, systemClock } from '@remuda/runtime';
import { Scheduler } from '../../../apps/scheduler/dist/scheduler.js';
import { note, serve } from './member.js';
import { profileOf } from './profile.js';

const [redisUrl = '', namespace = '', workers = '20', id = 's-bench', accounts = 'with-accounts'] =
  process.argv.slice(2);

const scheduler = new Scheduler({
  id,
  connect: (name) => connectRaw(redisUrl, { name }),
  namespace,
  profiles: [profileOf(Number(workers))],
  runtime: new RemoteRuntime(note),
  surroundings: {
    reachesRedis: 'directly',
    namespace,
    redisUrl,
    logLevel: 'info',
    drainMs: 10_000,
  },
  suspendAfter: 5,
  acl: accounts === 'with-accounts',
  workersOnExit: 'keep',
  clock: systemClock,
  registry: createRegistry('scheduler'),
  log: createLogger({ name: 'scheduler', level: 'info' }),
});

serve(({ what }: { readonly what: 'start' | 'stop' }) => (what === 'start' ? scheduler.start() : scheduler.stop()));
