import type { Redis } from 'ioredis';
import type { WorkerPhase, WorkerRecord } from '@remuda/domain';
import type { RedisKeys } from '../keys.js';
import { own, ownMs, release } from './own.js';
import { askDrain } from '../pools/pool-controls.js';
import { passOver } from '../connection/queue-log.js';
import type { Queues } from '../queue/queues.js';
import { allTheSame, run, script, vitalScript } from '../script/script.js';
import { readWorkerHash, readWorkers } from './worker-hash.js';

/**
 * Writes a new worker down, unless somebody else leads its pool by now: whoever was frozen since it looked would start
 * more of them than there may be. Asked again, because the first answer was lost with its connection, it leaves alone what has
 * become of the worker since. KEYS: worker, workers, owner, cursors, leader. ARGV: id, scheduler, ms, then fields and values.
 */
const registerScript = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then
  local owner = redis.call('GET', KEYS[3])
  if owner and owner ~= ARGV[2] then return 0 end
  redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
  return 1
end
if redis.call('GET', KEYS[5]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
redis.call('HSET', KEYS[4], ARGV[1], '0-0')
return 1
`);

/** Writes fields of a worker that there is. KEYS: worker. ARGV: fields to clear as JSON, then fields and values. */
const noteScript = vitalScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for _, field in ipairs(cjson.decode(ARGV[1])) do redis.call('HDEL', KEYS[1], field) end
if #ARGV > 1 then redis.call('HSET', KEYS[1], unpack(ARGV, 2)) end
return 1
`);

/**
 * Notes that a worker is idle, unless it was given another attempt since the one that it says it finished. One that has had
 * all its jobs is never idle again, whatever it says.
 * KEYS: worker. ARGV: job or '', lease or '', now, resident MB or ''.
 */
const idleScript = vitalScript(`
local at = redis.call('HMGET', KEYS[1], 'phase', 'job', 'lease', 'afterJobs')
if not at[1] or at[1] == 'draining' or at[1] == 'gone' then return 0 end
if at[1] == 'busy' and (at[2] ~= ARGV[1] or at[3] ~= ARGV[2]) then return 0 end
if at[1] == 'busy' and redis.call('HINCRBY', KEYS[1], 'jobsDone', 1) >= tonumber(at[4] or '1e15') then
  redis.call('HSET', KEYS[1], 'phase', 'draining')
  return -1
end
if at[1] ~= 'idle' then redis.call('HSET', KEYS[1], 'readyAt', ARGV[3], 'idleSince', ARGV[3]) end
redis.call('HSET', KEYS[1], 'phase', 'idle')
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'rssMb', ARGV[4]) end
redis.call('HDEL', KEYS[1], 'job', 'lease')
return 1
`);

/** The workers' records, and which scheduler each belongs to: its owner relays its stream and gives it its jobs. */
export class WorkerRegistry {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(
    private readonly queues: Queues,
    private readonly scheduler: string,
  ) {
    this.#redis = queues.redis;
    this.#keys = queues.keys;
  }

  /** Writes a new worker down, as ours, before its container is started; false where it's not ours to start any more. */
  async register(
    worker: Pick<WorkerRecord, 'id' | 'profile' | 'fingerprint' | 'startedAt' | 'engine'> & {
      readonly bridge?: string | undefined;
      readonly release?: string | undefined;
      readonly afterJobs: number;
    },
  ): Promise<boolean> {
    const { id, profile, fingerprint, startedAt, afterJobs, engine, bridge, release } = worker;
    const keys = this.#keys;
    const known = Object.entries({ engine, bridge, release }).flatMap(([name, value]) =>
      value === undefined ? [] : [name, value],
    );
    const fields = { profile, fingerprint, startedAt, afterJobs, phase: 'starting', jobsDone: 0 };
    const registered = await run(
      this.#redis,
      registerScript,
      [keys.worker(id), keys.workers, keys.workerOwner(id), keys.relayCursors, keys.poolLeader(profile)],
      [id, this.scheduler, ownMs, ...Object.entries(fields).flat(), ...known],
    );
    return registered === 1;
  }

  async find(id: string): Promise<WorkerRecord | undefined> {
    return readWorkerHash(id, await this.#redis.hgetall(this.#keys.worker(id)));
  }

  async all(): Promise<readonly WorkerRecord[]> {
    return readWorkers(this.#redis, this.#keys);
  }

  /** Takes or keeps workers; gives those that are ours, without those of other schedulers. */
  async own(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const owned = await own(this.#redis, this.#ownersOf(ids), this.scheduler);
    return new Set(ids.filter((_, i) => owned[i]));
  }

  /** Lets go of workers, so that another scheduler can take them at once. */
  async release(ids: readonly string[]): Promise<void> {
    await release(this.#redis, this.#ownersOf(ids), this.scheduler);
  }

  /** Notes facts about a worker; nothing happens to one that was forgotten. */
  async note(
    id: string,
    facts: Readonly<Record<string, string | number>> & { readonly phase?: WorkerPhase },
    clear: readonly string[] = [],
  ): Promise<void> {
    await run(
      this.#redis,
      noteScript,
      [this.#keys.worker(id)],
      [JSON.stringify(clear), ...Object.entries(facts).flat()],
    );
  }

  /**
   * Notes that a worker is idle, after the attempt that it names, and its memory, where it's known. `spent` where that was its last
   * one, `late` where the word is out of date.
   */
  async noteIdle(
    id: string,
    now: number,
    done?: { readonly job: string; readonly lease: number },
    rssMb?: number,
  ): Promise<'idle' | 'spent' | 'late'> {
    const answer = await run(
      this.#redis,
      idleScript,
      [this.#keys.worker(id)],
      [done?.job ?? '', done?.lease ?? '', now, rssMb ?? ''],
    );
    return answer === 1 ? 'idle' : answer === -1 ? 'spent' : 'late';
  }

  /** Writes down that a worker is to leave by then (epoch ms): whoever owns it sees to that. */
  async askDrain(id: string, by: number): Promise<void> {
    await askDrain(this.#redis, this.#keys, id, by);
  }

  /** Tells a worker something, whatever it does at the moment. */
  async tell(id: string, control: string): Promise<void> {
    const entry = ['MAXLEN', 1_000, '*', 'd', control] as const;
    const key = this.#keys.workerControl(id);
    await this.#redis.xadd(key, ...entry).catch(allTheSame(this.#redis, 'XADD', key, ...entry));
  }

  /** Removes all that there is of a worker: record, streams, queue. */
  async forget(id: string): Promise<void> {
    const keys = this.#keys;
    await this.queues
      .worker(id)
      .obliterate({ force: true })
      .catch(passOver(this.#redis, "a worker's queue is swept later", { worker: id }));
    await this.queues.release(keys.workerQueue(id));
    await this.#redis
      .multi()
      .del(keys.worker(id), keys.workerOwner(id), keys.workerOut(id), keys.workerControl(id), keys.doorsOf(id))
      .srem(keys.workers, id)
      .hdel(keys.relayCursors, id)
      .publish(keys.doors, id)
      .exec();
  }

  #ownersOf(ids: readonly string[]): readonly string[] {
    return ids.map((id) => this.#keys.workerOwner(id));
  }
}
