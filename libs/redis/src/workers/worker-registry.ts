import type { Redis } from 'ioredis';
import { isOver } from '@remuda/domain';
import type { EngineKind, JobState, WorkerPhase, WorkerRecord } from '@remuda/domain';
import { clientOf } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { ownMs, type Presence } from './own.js';
import { askDrain } from '../pools/pool-controls.js';
import { Groups } from '../jobs/groups.js';
import { passOver } from '../connection/queue-log.js';
import type { Queues } from '../queue/queues.js';
import { defineScript } from '../script/define-script.js';
import { allTheSame } from '../script/script.js';
import { readSomeWorkers, readWorkerHash, readWorkers } from './worker-hash.js';

/**
 * Registers a new worker, unless another scheduler leads its pool by now: a scheduler that was frozen after its
 * decision would start too many. Called again after a lost answer, it does not change the worker. `fields` are names
 * and values of its record. Returns 1 if it is ours, else 0.
 */
const registerScript = defineScript(
  {
    keys: ['worker', 'workers', 'owner', 'cursors', 'leader'],
    args: ['id', 'scheduler', 'ownMs'],
    rest: 'fields',
  },
  `
if redis.call('EXISTS', workerKey) == 1 then
  local owner = redis.call('GET', ownerKey)
  if owner and owner ~= scheduler then return 0 end
  redis.call('SET', ownerKey, scheduler, 'PX', ownMs)
  return 1
end
if redis.call('GET', leaderKey) ~= scheduler then return 0 end -- rule: leader
redis.call('HSET', workerKey, unpack(fields))
redis.call('SADD', workersKey, id)
redis.call('SET', ownerKey, scheduler, 'PX', ownMs)
redis.call('HSET', cursorsKey, id, '0-0')
return 1
`,
);

/** Writes fields of an existing worker; `cleared`, JSON, are those to delete. Returns 0 if there is none. */
const noteScript = defineScript(
  { keys: ['worker'], args: ['cleared'], rest: 'fields', whenFull: true },
  `
if redis.call('EXISTS', workerKey) == 0 then return 0 end
for _, field in ipairs(cjson.decode(cleared)) do redis.call('HDEL', workerKey, field) end
if #fields > 0 then redis.call('HSET', workerKey, unpack(fields)) end
return 1
`,
);

/** Writes of existing workers when they were last heard, and their memory. */
const heardScript = defineScript(
  { keys: [], each: { keys: ['worker'], args: ['heartbeatAt', 'rssMb', 'claudeVersion'] }, whenFull: true },
  ({ forEach }) => `
${forEach}
  if redis.call('EXISTS', workerKey) == 1 then
    redis.call('HSET', workerKey, 'heartbeatAt', heartbeatAt, 'rssMb', rssMb)
    if claudeVersion ~= '' then redis.call('HSET', workerKey, 'claudeVersion', claudeVersion) end
  end
end
return 1
`,
);

/** What a heartbeat says. */
export interface Heard {
  readonly id: string;
  /** Epoch ms. */
  readonly heartbeatAt: number;
  readonly rssMb: number;
  readonly claudeVersion?: string | undefined;
}

/**
 * Records that a worker is idle, unless it got another attempt since the one (`job`, `lease`, or '') that it reports as
 * finished. A worker that has had all its jobs is never idle again, whatever it reports. `rssMb` is '' if unknown.
 * Returns 1, or -1 if that was its last job, or 0 if the report is outdated.
 */
const idleScript = defineScript(
  { keys: ['worker'], args: ['job', 'lease', 'now', 'rssMb'], whenFull: true },
  `
local at = redis.call('HMGET', workerKey, 'phase', 'job', 'lease', 'afterJobs')
local phase = at[1]
if not phase or phase == 'draining' or phase == 'gone' then return 0 end
if phase == 'busy' and (at[2] ~= job or at[3] ~= lease) then return 0 end
if phase == 'busy' and redis.call('HINCRBY', workerKey, 'jobsDone', 1) >= tonumber(at[4] or '1e15') then
  redis.call('HSET', workerKey, 'phase', 'draining')
  return -1
end
local noted = {'phase', 'idle'}
if phase ~= 'idle' then noted = {'phase', 'idle', 'readyAt', now, 'idleSince', now} end
if rssMb ~= '' then
  noted[#noted + 1] = 'rssMb'
  noted[#noted + 1] = rssMb
end
redis.call('HSET', workerKey, unpack(noted))
redis.call('HDEL', workerKey, 'job', 'lease', 'session')
return 1
`,
);

/** The workers' records, and the scheduler that owns each: the owner relays its stream and assigns its jobs. */
export class WorkerRegistry {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;
  readonly #heard = new Groups<Heard, undefined>((all) => this.#noteAllHeard(all));

  constructor(
    private readonly queues: Queues,
    private readonly presence: Presence,
  ) {
    this.#redis = clientOf(queues.connection);
    this.#keys = queues.keys;
  }

  /** Registers a new worker as ours, before its container is started; false if we may not start it any more. */
  async register(
    worker: Pick<WorkerRecord, 'id' | 'profile' | 'fingerprint' | 'startedAt' | 'engine'> & {
      readonly bridge?: string | undefined;
      readonly release?: string | undefined;
      readonly engineKind?: EngineKind | undefined;
      readonly afterJobs: number;
      /** SHA-256, in hex, of its credential for a bridge on the network. */
      readonly bridgeCredential?: string | undefined;
    },
  ): Promise<boolean> {
    const { id, profile, fingerprint, startedAt, afterJobs, ...optional } = worker;
    const { engine, engineKind, bridge, release, bridgeCredential } = optional;
    const keys = this.#keys;
    const known = Object.entries({ engine, engineKind, bridge, release, bridgeCredential }).flatMap(([name, value]) =>
      value === undefined ? [] : [name, value],
    );
    const fields = { profile, fingerprint, startedAt, afterJobs, phase: 'starting', jobsDone: 0 };
    const registered = await registerScript.run(this.#redis, {
      keys: {
        ...{ worker: keys.worker(id), workers: keys.workers, owner: keys.workerOwner(id) },
        ...{ cursors: keys.relayCursors, leader: keys.poolLeader(profile) },
      },
      args: { id, scheduler: this.presence.scheduler, ownMs },
      rest: [...Object.entries(fields).flat(), ...known],
    });
    return registered === 1;
  }

  async find(id: string): Promise<WorkerRecord | undefined> {
    return readWorkerHash(id, await this.#redis.hgetall(this.#keys.worker(id)));
  }

  async all(): Promise<readonly WorkerRecord[]> {
    return readWorkers(this.#redis, this.#keys);
  }

  /**
   * Which of these workers wait for the next turn of a session, by id, and since when its last one is over (epoch ms). Their records do
   * not tell: they are `busy` with the job that was the last turn. One that does not wait after a turn is told as well, until it is idle again.
   */
  async waiting(workers: readonly WorkerRecord[]): Promise<ReadonlyMap<string, number>> {
    const held = workers.filter(({ phase, session }) => phase === 'busy' && session !== undefined);
    const since = await Promise.all(
      held.map(async ({ id, job = '', session }): Promise<readonly (readonly [string, number])[]> => {
        const record = this.#keys.job(job);
        const [of, state, saving, overAt] = await this.#redis.hmget(record, 'session', 'state', 'saving', 'overAt');
        const waits = of === session && isOver(state as JobState) && !saving && overAt;
        return waits ? [[id, Number(overAt)]] : [];
      }),
    );
    return new Map(since.flat());
  }

  /** The ids of all workers: with thousands of them much cheaper than their records. */
  async ids(): Promise<readonly string[]> {
    return this.#redis.smembers(this.#keys.workers);
  }

  /** The records of these workers, without those that are gone. */
  async some(ids: readonly string[]): Promise<readonly WorkerRecord[]> {
    return readSomeWorkers(this.#redis, this.#keys, ids);
  }

  /** Takes or renews workers; returns those that are ours, without those of other schedulers. */
  async own(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const owned = await this.presence.own(this.#ownersOf(ids));
    return new Set(ids.filter((_, i) => owned[i]));
  }

  /** Releases workers, so that another scheduler can take them at once. */
  async release(ids: readonly string[]): Promise<void> {
    await this.presence.release(this.#ownersOf(ids));
  }

  /** Records facts about a worker; ignored if it was removed. */
  async note(
    id: string,
    facts: Readonly<Record<string, string | number>> & { readonly phase?: WorkerPhase },
    clear: readonly string[] = [],
  ): Promise<void> {
    await noteScript.run(this.#redis, {
      keys: { worker: this.#keys.worker(id) },
      args: { cleared: JSON.stringify(clear) },
      rest: Object.entries(facts).flat(),
    });
  }

  /** Records a heartbeat; ignored if the worker was removed. Those that come at the same time are one step. */
  async noteHeard(heard: Heard): Promise<void> {
    await this.#heard.add([heard]);
  }

  async #noteAllHeard(all: readonly Heard[]): Promise<readonly undefined[]> {
    const each = all.map(({ id, heartbeatAt, rssMb, claudeVersion = '' }) => ({
      keys: { worker: this.#keys.worker(id) },
      args: { heartbeatAt, rssMb, claudeVersion },
    }));
    await heardScript.run(this.#redis, { keys: {}, args: {}, each });
    return all.map(() => undefined);
  }

  /**
   * Records that a worker is idle after the named attempt, and its memory, if known. `spent` if that was its last one,
   * `late` if the report is outdated.
   */
  async noteIdle(
    id: string,
    now: number,
    done?: { readonly job: string; readonly lease: number },
    rssMb?: number,
  ): Promise<'idle' | 'spent' | 'late'> {
    const answer = await idleScript.run(this.#redis, {
      keys: { worker: this.#keys.worker(id) },
      args: { job: done?.job ?? '', lease: done?.lease ?? '', now, rssMb: rssMb ?? '' },
    });
    return answer === 1 ? 'idle' : answer === -1 ? 'spent' : 'late';
  }

  /** Records that a worker must leave by then (epoch ms): its owner enforces that. */
  async askDrain(id: string, by: number): Promise<void> {
    await askDrain(this.#redis, this.#keys, id, by);
  }

  /** Sends a worker a control message at any time. */
  async tell(id: string, control: string): Promise<void> {
    const entry = ['MAXLEN', 1_000, '*', 'd', control] as const;
    const key = this.#keys.workerControl(id);
    await this.#redis.xadd(key, ...entry).catch(allTheSame(this.#redis, 'XADD', key, ...entry));
  }

  /** Removes everything of a worker: record, streams, queue. */
  async forget(id: string): Promise<void> {
    const keys = this.#keys;
    await this.queues
      .worker(id)
      .obliterate({ force: true })
      .catch(passOver(this.#redis, "sweeping a worker's queue failed and will be tried again", { worker: id }));
    await this.queues.release(keys.workerQueue(id));
    await this.#redis
      .multi()
      .del(keys.worker(id), keys.workerOwner(id), keys.workerOut(id), keys.workerControl(id), keys.listenersOf(id))
      .del(keys.workerScreen(id))
      .srem(keys.workers, id)
      .hdel(keys.relayCursors, id)
      .publish(keys.listeners, id)
      .exec();
  }

  #ownersOf(ids: readonly string[]): readonly string[] {
    return ids.map((id) => this.#keys.workerOwner(id));
  }
}
