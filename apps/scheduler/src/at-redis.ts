import {
  Forgetting,
  Halts,
  Leadership,
  Presence,
  RedisLeases,
  Queues,
  RedisClock,
  RedisPoolStore,
  RedisWorkerListeners,
  ScriptGuard,
  SpareNeeds,
  Sweeps,
  Wakes,
  WorkerAccess,
  WorkerRegistry,
  countDeadLetters,
  defaultRetention,
  readTenantJobs,
  redisKeys,
} from '@remuda/redis';
import { ProfileQueues } from './dispatch/profile-queues.js';
import type { SchedulerPlan } from './scheduler-plan.js';

/** What a scheduler uses in Redis. */
export type AtRedis = ReturnType<typeof openAtRedis>;

/** Opens the connections; nothing is requested yet. */
export function openAtRedis(plan: SchedulerPlan) {
  const { id: scheduler, connect, profiles, retention = defaultRetention, log } = plan;
  const redis = connect('scheduler');
  const keys = redisKeys(plan.namespace);
  // Points in time that other parts of the cluster compare use Redis' clock.
  const clock = new RedisClock(redis, plan.clock);
  const queues = new Queues(redis, keys);
  const presence = new Presence(redis, keys, scheduler, clock);
  const names = profiles.map(({ name }) => name);
  return {
    ...{ redis, keys, clock, queues, presence },
    profileQueues: new ProfileQueues(queues, scheduler, names),
    access: plan.acl ? new WorkerAccess(redis, keys) : undefined,
    leases: new RedisLeases(queues, clock, plan.secrets),
    sweeps: new Sweeps(queues),
    pools: new RedisPoolStore(redis, keys),
    leadership: new Leadership(queues, presence),
    registry: new WorkerRegistry(queues, presence),
    halts: new Halts(redis, keys),
    spareNeeds: new SpareNeeds(redis, keys),
    listeners: new RedisWorkerListeners(redis, keys),
    forgetting: new Forgetting(redis, keys, retention),
    deadLetters: () => countDeadLetters(redis, keys),
    tenantJobs: () => readTenantJobs(redis, keys),
    wakes: new Wakes(redis, connect('scheduler-wake'), keys),
    // A connection of its own, so that its checks are not delayed.
    guard: new ScriptGuard(connect('scheduler-guard'), log),
  };
}
