import type { RedisKeys } from '@remuda/redis';
import type { RawConnection } from '@remuda/redis/testing';
import { noUsage } from '@remuda/domain';

/** Events of each job: what a small one with a few tool calls has, 330 bytes each, in batches of three. */
export const eventsOfJob = 21;
const batchOf = 3;
const text = 'x'.repeat(260);

/** Writes jobs that are over into Redis, as the scripts that end them leave them. */
export async function endJobs(redis: RawConnection, keys: RedisKeys, ids: readonly string[]): Promise<void> {
  const now = Date.now();
  const spec = { profile: 'default', workspace: { kind: 'empty' }, priority: 5, timeoutMs: 60_000, attempts: 3 };
  const record = { ...{ state: 'succeeded', profile: 'default', queuedAt: now, overAt: now, seq: eventsOfJob } };
  const whole = JSON.stringify({ ...spec, deltas: false, labels: { team: 'bench' }, metadata: {} });
  const result = JSON.stringify({ text, turns: 1, usage: noUsage, costUsd: 0.01 });
  const events = JSON.stringify(
    Array.from({ length: batchOf }, () => ({ type: 'message.text', at: now, data: { text } })),
  );
  const pipeline = redis.pipeline();
  for (const id of ids) {
    pipeline.hset(keys.job(id), { ...record, attempt: 1, lease: 1, bytes: 1, spec: whole, labels: '["team=bench"]' });
    pipeline.set(keys.prompt(id), `Refactor the module ${id}`).set(keys.result(id), result);
    for (let last = batchOf; last <= eventsOfJob; last += batchOf)
      pipeline.xadd(keys.events(id), `${last}-0`, 'n', batchOf, 'a', 1, 'd', events);
    pipeline.zadd(keys.jobs, now, id).zadd(keys.over, now, id).xadd(keys.ends, '*', 'id', id);
  }
  await pipeline.exec();
}
