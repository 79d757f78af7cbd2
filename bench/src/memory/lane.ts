import { noUsage } from '@remuda/domain';
import { ProfileQueue, Queues, RedisJobStore, RedisLeases, type RedisKeys } from '@remuda/redis';
import type { RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { jobSpec } from '@remuda/testing';

const result = { text: 'ok', turns: 1, usage: noUsage, costUsd: 0.01 };

/** A worker that takes no time: jobs go through all of the scripts, one after the other. */
export class Lane {
  #jobs = 0;

  private constructor(
    private readonly redis: RawConnection,
    private readonly keys: RedisKeys,
    private readonly worker: string,
    private readonly queues: Queues,
    private readonly queue: ProfileQueue,
    private readonly store: RedisJobStore,
    private readonly leases: RedisLeases,
  ) {}

  static async open(redis: RawConnection, keys: RedisKeys, nth: number): Promise<Lane> {
    const worker = `w-${nth}`;
    const queues = new Queues(redis, keys);
    const queue = new ProfileQueue(queues, 'default', worker);
    await queue.ready();
    await redis.set(keys.workerOwner(worker), worker);
    const store = new RedisJobStore(redis, keys, systemClock);
    return new Lane(redis, keys, worker, queues, queue, store, new RedisLeases(queues, systemClock));
  }

  /** Submits a job, takes the next one, and ends it. */
  async carryOut(): Promise<void> {
    const { redis, keys, worker, queue, store, leases } = this;
    const id = `j-${worker}-${++this.#jobs}`;
    await store.submit([{ id, tenant: `t-${this.#jobs % 10}`, spec: jobSpec({ labels: { team: 'bench' } }) }]);
    const held = await queue.claim();
    if (!held?.found) throw new Error('no job was there');
    await redis.hset(keys.worker(worker), 'phase', 'idle');
    const claim = { held, scheduler: worker, ...held.found, start: { kind: 'warm' }, models: ['claude-sonnet-4-5'] };
    const given = await leases.assign(claim as Parameters<RedisLeases['assign']>[0], worker);
    if (given.kind !== 'assigned') throw new Error(`${held.id} was not assigned: ${given.kind}`);
    const { lease, grant } = given;
    const settled = await leases.settle({ job: held.id, worker, lease, grant }, { state: 'succeeded', result });
    if (settled.kind !== 'settled') throw new Error(`${held.id} was not settled: ${settled.kind}`);
    await queue.finish(held);
    // What a worker's consumer would do: nothing of a ticket is kept.
    const ticket = keys.ticket(worker, `${held.id}.${lease}`);
    await redis.unlink(ticket, `${ticket}:lock`, keys.ticket(worker, 'active'), keys.ticket(worker, 'marker'));
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.queue.close();
    await this.queues.close();
  }
}
