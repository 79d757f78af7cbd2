import { randomUUID } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { InstantEngine, jobRef } from '@remuda/testing';
import { noUsage, type Control } from '@remuda/domain';
import { RedisWorkerLine } from '@remuda/redis';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

afterEach(() => {
  vi.restoreAllMocks();
});

interface Overtaken {
  /** Resolves with the first control message that a worker has taken in. */
  readonly heard: Promise<Control>;
  /** Lets assignments go on to their workers. */
  readonly letGo: () => void;
}

/** Holds assignments right before their workers, until they are let go. */
function holdAssignments(): Overtaken {
  let letGo: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const open = RedisWorkerLine.prototype.open;
  const heard = new Promise<Control>((resolve) => {
    vi.spyOn(RedisWorkerLine.prototype, 'open').mockImplementation(function (this: RedisWorkerLine, duties) {
      open.call(this, {
        ...duties,
        carryOut: async (assignment) => {
          await gone;
          await duties.carryOut(assignment);
        },
        onControl: (control) => {
          duties.onControl(control);
          resolve(control);
        },
      });
    });
  });
  return { heard, letGo };
}

test('a cancel that comes to the worker before the assignment does ends the attempt before its turn begins', async () => {
  await using redis = await startRedis();
  const { heard, letGo } = holdAssignments();
  const begun: boolean[] = [];
  const engine = () =>
    new InstantEngine(async (_turn, _onEvent, signal) => {
      begun.push(signal.aborted);
      if (signal.aborted) return { kind: 'interrupted' };
      return { kind: 'succeeded', result: { text: 'done', turns: 1, usage: noUsage, costUsd: 0 } };
    });
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine });
  try {
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf() }]);
    const events = cluster.events.follow(jobRef(id), 0, AbortSignal.timeout(30_000));
    const types: string[] = [];
    for await (const batch of events) {
      types.push(...batch.map((event) => event.type));
      if (batch.some((event) => event.type === 'job.assigned')) {
        expect(await cluster.store.cancel(jobRef(id), 'changed my mind')).toEqual({ kind: 'requested' });
        expect(await heard).toMatchObject({ kind: 'cancel', job: id, lease: 1 });
        letGo();
      }
    }
    expect(types).toEqual(['job.queued', 'job.assigned', 'job.cancel_requested', 'attempt.ended', 'job.over']);
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'cancelled', attempt: 1 });
    // The engine was told before it began, or not asked at all.
    expect(begun).not.toContain(false);
  } finally {
    letGo();
    await cluster.stop();
  }
});
