import { ErrorCode, Job, UnrecoverableError, Worker as BullConsumer } from 'bullmq';
import type { Redis } from 'ioredis';
import type { FoundJob, RemudaError } from '@remuda/domain';
import { clientOf } from '../connection/redis-connection.js';
import { waitingInLine } from '../tenants/lines.lua.js';
import { returnTurnScript } from '../tenants/return-turn.lua.js';
import { claimTurnScript } from './claim-turn.lua.js';
import { claimScript } from './claim.lua.js';
import { isOutage } from '../connection/redis-error.js';
import { foundJob } from '../jobs/job-hash.js';
import { passOver } from '../connection/queue-log.js';
import { parkScript } from './park.lua.js';
import { keepFinished, type QueuedJob, type Queues } from './queues.js';
import { defineScript } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';
import { affixesOf, hashOf } from '../script/script.js';

/**
 * How long a claim lasts without renewal, in ms. Longer than any outage worth waiting out; a claim that outlives its
 * holder does no harm, since another scheduler takes over the lock with the worker.
 */
export const lockMs = 60_000;

/** How many jobs are ready to start; without those that wait for a limit of their tenant. */
const backlogScript = defineScript(
  { keys: ['wait', 'prioritized', 'delayed', 'fair'], include: [nowMs, waitingInLine] },
  `
local parked = 0
for _, line in ipairs(redis.call('SMEMBERS', fairKey .. ':parked')) do
  parked = parked + waitingIn(prioritizedKey, line)
end
local due = redis.call('ZCOUNT', delayedKey, 0, (nowMs() + 1) * 0x1000 - 1)
return redis.call('LLEN', waitKey) + redis.call('ZCARD', prioritizedKey) - parked + due
`,
);

/** A failure as shown on the board. */
export const failureText = ({ code, message }: Pick<RemudaError, 'code' | 'message'>): string => `${code}: ${message}`;

/** A job that was taken from its queue and is held until it is finished or given back. */
export interface HeldJob {
  readonly id: string;
  readonly lock: string;
  /** When it got its place in the queue, epoch ms; 0 if it was taken over. */
  readonly placedAt: number;
}

/** A job that was just claimed, with its record and prompt at that moment; without them if there is no record yet. */
export interface ClaimedJob extends HeldJob {
  /** When it was claimed, by Redis' clock in epoch ms. */
  readonly at: number;
  readonly found?: FoundJob;
}

type ClaimAnswer = [id: string, placedAt: string, at: number, record: readonly string[], prompt: string | null] | null;

function claimedJob(answer: ClaimAnswer, lock: string): ClaimedJob | undefined {
  if (!answer) return undefined;
  const [id, placedAt, at, record, prompt] = answer;
  const found = foundJob(id, hashOf(record), prompt);
  return { id, lock, placedAt: Number(placedAt), at, ...(found ? { found } : {}) };
}

/**
 * The schedulers' side of a profile's queue: jobs are claimed one by one, only when a worker is free, and held while it
 * carries them out. BullMQ's state follows the job's record; a move that comes too late is not an error.
 */
export class ProfileQueue {
  readonly #consumer: BullConsumer<QueuedJob>;
  readonly #redis: Redis;
  #claims = 0;

  /** `holder` names this scheduler; it is part of every lock. */
  constructor(
    private readonly queues: Queues,
    readonly profile: string,
    private readonly holder: string,
  ) {
    this.#redis = clientOf(queues.connection);
    this.#consumer = new BullConsumer<QueuedJob>(queues.keys.jobQueue(profile), null, {
      connection: this.#redis,
      prefix: queues.keys.bull,
      autorun: false,
      stalledInterval: 15_000,
      // Every death of a scheduler counts as a stall for all jobs that it held; our own requeue limit ends loops.
      maxStalledCount: 1_000_000,
      name: holder,
    });
    this.#consumer.on('error', passOver(this.#redis, "error in a profile's queue", { profile }));
  }

  /** Resolves when its commands are known to the connection. */
  async ready(): Promise<void> {
    await Promise.all([this.#consumer.waitUntilReady(), this.queues.jobs(this.profile).waitUntilReady()]);
  }

  /** Starts looking for claims whose holder is gone; they go back to the head of the queue. */
  async start(): Promise<void> {
    await this.#consumer.startStalledCheckTimer();
  }

  /** Jobs that are ready to start: waiting ones, and delayed ones whose time has come. */
  async backlog(): Promise<number> {
    const { keys } = this.queues;
    const at = (place: string): string => keys.placed(this.profile, place);
    const fair = keys.fair(this.profile);
    const places = { wait: at('wait'), prioritized: at('prioritized'), delayed: at('delayed'), fair };
    return (await backlogScript.run(this.#redis, { keys: places, args: {} })) as number;
  }

  /** Takes the first job, or none; never waits. */
  async claim(): Promise<ClaimedJob | undefined> {
    const { profile, holder } = this;
    const { keys } = this.queues;
    const lock = `${holder}:${String(++this.#claims)}`;
    const at = (place: string): string => keys.placed(profile, place);
    const [beforeJob, behindJob] = affixesOf(keys.job);
    const [beforePrompt, behindPrompt] = affixesOf(keys.prompt);
    const claimed = (await claimScript.run(this.#redis, {
      keys: {
        ...{ wait: at('wait'), active: at('active'), prioritized: at('prioritized'), delayed: at('delayed') },
        ...{ priorityCounter: at('pc'), meta: at('meta'), places: at('') },
        ...{ fair: keys.fair(profile), tenants: keys.tenantLines },
      },
      args: { lock, lockMs, scheduler: holder, beforeJob, behindJob, beforePrompt, behindPrompt },
    })) as ClaimAnswer;
    return claimedJob(claimed, lock);
  }

  /** Takes this job, a turn of a session, wherever it stands in the queue; undefined if it is not there. */
  async claimTurn(id: string): Promise<ClaimedJob | undefined> {
    const { profile, holder } = this;
    const { keys } = this.queues;
    const lock = `${holder}:${String(++this.#claims)}`;
    const at = (place: string): string => keys.placed(profile, place);
    const claimed = (await claimTurnScript.run(this.#redis, {
      keys: {
        ...{ wait: at('wait'), active: at('active'), prioritized: at('prioritized'), meta: at('meta'), place: at(id) },
        ...{ job: keys.job(id), prompt: keys.prompt(id) },
      },
      args: { id, lock, lockMs, scheduler: holder },
    })) as ClaimAnswer;
    return claimedJob(claimed, lock);
  }

  /** All claimed jobs, of any holder. */
  async claimed(): Promise<readonly HeldJob[]> {
    const { queues, profile } = this;
    const queue = queues.jobs(profile);
    const ids = await this.#redis.lrange(queue.toKey('active'), 0, -1);
    const locks = await Promise.all(ids.map((id) => this.#redis.get(`${queue.toKey(id)}:lock`)));
    return ids.flatMap((id, i) => (locks[i] ? [{ id, lock: locks[i], placedAt: 0 }] : []));
  }

  /** Renews claims for another `lockMs`; returns the ids of those that are no longer ours. */
  async renew(held: readonly HeldJob[]): Promise<readonly string[]> {
    if (held.length === 0) return [];
    return this.#consumer.extendJobLocks(
      held.map((job) => job.id),
      held.map((job) => job.lock),
      lockMs,
    );
  }

  /** The job is over: success or not, for the board's eyes. */
  async finish(held: HeldJob, failure?: Pick<RemudaError, 'code' | 'message'>): Promise<void> {
    await this.#move(held, async (job) => {
      if (failure) await job.moveToFailed(new UnrecoverableError(failureText(failure)), held.lock, false);
      else await job.moveToCompleted(null, held.lock, false);
    });
  }

  /** Back to the head of the queue, at once. */
  async giveBack(held: HeldJob): Promise<void> {
    await this.#move(held, (job) => job.moveToWait(held.lock));
    await this.#returnTurn(held.id);
  }

  /** Back to the queue, to be claimed no earlier than `wakeAt` (epoch ms, by Redis' clock). */
  async park({ id, lock }: HeldJob, wakeAt: number): Promise<void> {
    const { keys } = this.queues;
    const place = keys.placed(this.profile, id);
    const line = (name: string): string => keys.placed(this.profile, name);
    await parkScript.run(this.#redis, {
      keys: {
        ...{ place, placeLock: `${place}:lock` },
        ...{ stalled: line('stalled'), active: line('active'), delayed: line('delayed') },
      },
      args: { id, lock, wakeAt },
    });
    await this.#returnTurn(id);
  }

  /** A job that did not start takes no turn of its tenant's, and waits in its line. */
  async #returnTurn(id: string): Promise<void> {
    const { keys } = this.queues;
    const place = keys.placed(this.profile, id);
    const lines = { fair: keys.fair(this.profile), tenants: keys.tenantLines };
    const prioritized = keys.placed(this.profile, 'prioritized');
    await returnTurnScript.run(this.#redis, {
      keys: { job: keys.job(id), place, prioritized, ...lines },
      args: { id },
    });
  }

  async close(): Promise<void> {
    await this.#consumer.close(true);
  }

  /** Moves a job that we hold. If it is not ours any more, its new holder reads the record and does the same. */
  async #move(held: HeldJob, move: (job: Job) => Promise<unknown>): Promise<void> {
    const job = new Job(this.queues.jobs(this.profile), this.profile, undefined, keepFinished, held.id);
    job.id = held.id;
    try {
      await move(job);
    } catch (error) {
      if (isOutage(error)) throw error;
      if (!isLate(error))
        passOver(this.#redis, "a job's place could not be updated from its record", { job: held.id })(error);
    }
  }
}

/** What BullMQ says of a place that has gone elsewhere: no such job, no lock or another's, not in that line. */
const lateCodes: readonly unknown[] = [
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
];
const isLate = (error: unknown): boolean =>
  error instanceof Error && lateCodes.includes((error as { readonly code?: unknown }).code);
