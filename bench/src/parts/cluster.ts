import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { redisKeys } from '@remuda/redis';
import type { RawConnection } from '@remuda/redis/testing';
import { Member } from './member.js';
import type { StartNote } from './remote-runtime.js';

/** Path of a compiled part. */
export function part(name: string): string {
  return join(import.meta.dirname, `${name}.js`);
}

/** A cluster's size and place. */
export interface Place {
  readonly url: string;
  readonly namespace: string;
  readonly workers: number;
}

/**
 * Starts the real scheduler in one process and all its workers, without an agent, in another; resolves when all are
 * idle. The members join the crew as they start.
 */
export async function startSchedulerAndWorkers(
  place: Place,
  watch: RawConnection,
  crew: Member[],
): Promise<{ readonly scheduler: Member; readonly workers: Member }> {
  const { url, namespace, workers } = place;
  const keys = redisKeys(namespace);
  const home = Member.start(part('workers'), []);
  const scheduler = Member.start(part('scheduler'), [url, namespace, String(workers)], (note) => {
    void home.ask(note as StartNote);
  });
  crew.push(home, scheduler);
  await scheduler.ask({ what: 'start' });
  await until(async () => {
    const ids = await watch.smembers(keys.workers);
    const phases = await Promise.all(ids.map((id) => watch.hget(keys.worker(id), 'phase')));
    return phases.filter((phase) => phase === 'idle').length >= workers;
  });
  return { scheduler, workers: home };
}

const limitMs = 60_000;

/** Asks again and again until it is so; rejects when it takes longer than a minute. */
export async function until(so: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await so())) {
    if (performance.now() > limit) throw new Error(`not so within ${limitMs / 1_000} s`);
    await sleep(5);
  }
}
