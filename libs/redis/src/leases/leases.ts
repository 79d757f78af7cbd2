import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type {
  Again,
  Assignment,
  Clock,
  Failure,
  JobRecord,
  JobState,
  NewEvent,
  Secrets,
  ServerTool,
  Start,
} from '@remuda/domain';
import { messageFormats, modelCount } from '@remuda/protocol';
import { clientOf } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { attemptMembers, isDeadLetter, type LastOfAttempt } from './attempt-entry.js';
import { endedEvents, endingEvent, endingFields, finishedAs, type Ending } from './ending-entry.js';
import { failQueuedScript } from '../jobs/end-queued.lua.js';
import { endedKeysOf } from '../jobs/job-keys.js';
import { foundJob, retriedField, type FoundJob } from '../jobs/job-hash.js';
import { lastTextEntries, lastTextOf } from '../events/last-text.js';
import { assignScript } from './assign.lua.js';
import { settleScript } from './settle.lua.js';
import type { HeldJob } from '../queue/profile-queue.js';
import { leavingKeys, ticketOptions } from '../queue/placing.js';
import type { Queues } from '../queue/queues.js';
import { keysEndMs } from '../retention/retention.js';
import { affixesOf } from '../script/script.js';
import { spentByAttempt, spentOf } from './spent.js';

/**
 * What an assignment came to: `worker` says that the worker, `state` that the job is no longer free, `cordoned` that the worker and
 * `halted` that the profile is to have none, `elsewhere` that the worker is not, or no longer, the claiming scheduler's.
 */
export type Assigned =
  | { readonly kind: 'assigned'; readonly lease: number; readonly attempt: number; readonly grant: string }
  | { readonly kind: 'state'; readonly state: JobState | '' }
  | { readonly kind: 'worker' | 'cordoned' | 'halted' | 'elsewhere' };

/** A claimed job on its way to a worker. */
export interface Claim {
  readonly held: HeldJob;
  /** Who claimed it: the worker has to be his. */
  readonly scheduler: string;
  readonly job: JobRecord;
  readonly prompt: string;
  readonly start: Start;
  /** How the attempt begins, where it is a further one. */
  readonly again?: Again;
  /** Models that the attempt may ask for. */
  readonly models: readonly string[];
  /** What the model's side may do for the attempt besides answering. Default: nothing. */
  readonly serverTools?: readonly ServerTool[];
  /** Name of the bridge grant (sha256 of its token in hex) that the worker wants; else one is made. */
  readonly grant?: string;
}

/** The lease that is ended, and what came with it. */
export interface HeldLease {
  readonly job: string;
  readonly worker: string;
  readonly lease: number;
  /** Name of the lease's bridge grant, where it is known. */
  readonly grant?: string;
  /** When the worker took the attempt up, where that was not written before. */
  readonly startedAt?: number;
  /** Of an attempt whose worker could not report any more. */
  readonly last?: LastOfAttempt;
}

/**
 * What settling came to. `elsewhere`: the relay's cursor is not where it was thought to be. `cancelled`: nothing yet, since the job is
 * not to be queued again: its cancel was asked for.
 */
export type Settled =
  | { readonly kind: 'settled'; readonly firstTokenAt?: number }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'cancelled' };

/** What an assignment says before there is a lease for it. */
type Unleased = Omit<Assignment, 'attempt' | 'lease'>;

/** Where the relay stood in a worker's stream, and where it stands after this step. */
export interface CursorMove {
  readonly before: string;
  readonly after: string;
}

/** Whoever has the lease writes the job's record; this is the only way to get one, and to end one. */
export class Leases {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(
    queues: Queues,
    private readonly clock: Clock,
  ) {
    this.#redis = clientOf(queues.connection);
    this.#keys = queues.keys;
  }

  /** A job's record, without the model's times, and its prompt. */
  async read(id: string): Promise<FoundJob | undefined> {
    const [hash, prompt] = await Promise.all([
      this.#redis.hgetall(this.#keys.job(id)),
      this.#redis.get(this.#keys.prompt(id)),
    ]);
    return foundJob(id, hash, prompt);
  }

  /** The lock under which a held job was claimed, for a scheduler that takes it over. */
  async lockOf(id: string): Promise<string | undefined> {
    return (await this.#redis.hget(this.#keys.job(id), 'lock')) ?? undefined;
  }

  /** When the usage limit is lifted that the job's latest attempt met (epoch ms), as the bridge has seen it. */
  async limitResetAt(id: string): Promise<number | undefined> {
    const at = await this.#redis.hget(this.#keys.model(id), modelCount.limitResetAt);
    return at === null ? undefined : Number(at);
  }

  /** Notes under which lock a held job was claimed again. */
  async adoptLock(id: string, lock: string): Promise<void> {
    await this.#redis.hset(this.#keys.job(id), 'lock', lock);
  }

  /** Gives a claimed job to an idle worker: its assignment is in the worker's queue then. */
  async assign(claim: Claim, worker: string): Promise<Assigned> {
    const { job, prompt, again } = claim;
    const now = this.clock.now();
    const made = claim.grant === undefined ? makeToken() : { grant: claim.grant };
    const assignment: Unleased = {
      job: job.id,
      spec: { ...job.spec, prompt },
      remainingMs: job.spec.timeoutMs,
      ...('bridgeToken' in made ? { bridgeToken: made.bridgeToken } : {}),
      ...(again ? { again } : {}),
      ...(await this.#secretsOf(job)),
    };
    return this.#assign({ ...claim, grant: made.grant }, worker, assignment, now);
  }

  /** Ends an attempt: the job is over or queued again, its bridge grant is gone. */
  async settle(held: HeldLease, ending: Ending, cursor?: CursorMove): Promise<Settled> {
    const keys = this.#keys;
    const now = this.clock.now();
    const [grant, counts] = await Promise.all([
      held.grant ?? this.#redis.hget(keys.job(held.job), 'grant'),
      this.#redis.hgetall(keys.model(held.job)),
    ]);
    const spent = spentOf(counts);
    const started = held.startedAt === undefined ? [] : ['startedAt', held.startedAt];
    const fields = [...started, ...endingFields(ending, spent)];
    const events = [...endedEvents(held.last, now), endingEvent(ending, now, spent)];
    const [beforeQueue, behindQueue] = affixesOf((profile) => keys.placed(profile, ''));
    const [bullFailure, keptCount, keptMs] = finishedAs(ending);
    const isAgain = ending.state === 'queued';
    const raised = isAgain ? [...(ending.usage ? [ending.usage] : []), retriedField(ending.failure.code)] : [];
    const [answer, firstTokenAt] = (await settleScript.run(this.#redis, {
      keys: {
        ...endedKeysOf(keys, held.job),
        ...{ cursors: keys.relayCursors, counters: keys.counters, deadLetters: keys.deadLetters },
        grant: keys.bridgeToken(grant ?? 'none'),
      },
      args: {
        ...{ id: held.job, worker: held.worker, lease: held.lease, state: ending.state, now, keysEndMs },
        ...{ before: cursor?.before ?? '', after: cursor?.after ?? '' },
        ...{ count: events.length, events: JSON.stringify(events), raised: JSON.stringify(raised) },
        wakeAt: isAgain ? (ending.wakeAt ?? '') : '',
        result: !isAgain && ending.result ? JSON.stringify({ ...ending.result, ...spent }) : '',
        attemptMembers: ending.failure ? attemptMembers(ending.failure, now, held.last, spentByAttempt(counts)) : '',
        isDeadLetter: ending.state === 'failed' && ending.failure && isDeadLetter(ending.failure) ? 1 : 0,
        ...{ beforeQueue, behindQueue, bullFailure, keptCount, keptMs },
      },
      rest: fields,
    })) as [string, string?];
    if (answer === 'ok') return { kind: 'settled', ...(firstTokenAt ? { firstTokenAt: Number(firstTokenAt) } : {}) };
    if (answer === 'cancelled') return { kind: 'cancelled' };
    // Where the answer to it was lost on its way, it was settled all the same: its own lease is what fences it now.
    return answer === 'fenced' || answer === cursor?.after ? { kind: 'fenced' } : { kind: 'elsewhere' };
  }

  /** What the job's attempt of now said last; '' where it said nothing. */
  async lastText({ id, attempt }: Pick<JobRecord, 'id' | 'attempt'>): Promise<string> {
    return lastTextOf(await this.#redis.xrevrange(this.#keys.events(id), '+', '-', 'COUNT', lastTextEntries), attempt);
  }

  /** Jobs that are to be cancelled and are not over. */
  async cancelled(): Promise<readonly string[]> {
    return this.#redis.zrange(this.#keys.cancels, '0', '-1');
  }

  /** Ends a job that never got a lease, and takes it out of its queue: `false` when it's no longer queued. */
  async failQueued(id: string, failure: Failure): Promise<boolean> {
    const keys = this.#keys;
    const now = this.clock.now();
    const event: NewEvent = { type: 'job.over', at: now, data: { state: 'failed', failure } };
    const profile = (await this.#redis.hget(keys.job(id), 'profile')) ?? '';
    const ended = await failQueuedScript.run(this.#redis, {
      keys: {
        ...endedKeysOf(keys, id),
        ...{ ttl: keys.ttl, unplaced: keys.unplaced, deadLetters: keys.deadLetters },
        ...leavingKeys(keys, profile, id),
      },
      args: {
        ...{ id, now, keysEndMs, failure: JSON.stringify(failure), overEvents: JSON.stringify([event]) },
        isDeadLetter: isDeadLetter(failure) ? 1 : 0,
      },
    });
    return ended === 1;
  }

  /** Its worker refuses a job whose secrets are gone. */
  async #secretsOf({ id, spec }: JobRecord): Promise<Pick<Assignment, 'secrets'>> {
    const text = spec.secrets === undefined ? null : await this.#redis.get(this.#keys.secrets(id));
    return text === null ? {} : { secrets: JSON.parse(text) as Secrets };
  }

  async #assign(
    claim: Claim & { readonly grant: string },
    worker: string,
    assignment: Unleased,
    now: number,
  ): Promise<Assigned> {
    const keys = this.#keys;
    const { held, scheduler, job, start, models, serverTools = [], grant: hash } = claim;
    const { spec } = job;
    const event: NewEvent = { type: 'job.assigned', at: now, data: { worker, start } };
    const grant = [
      ...['v', messageFormats.own, 'job', job.id, 'worker', worker, 'models', JSON.stringify(models)],
      ...(serverTools.length === 0 ? [] : ['serverTools', JSON.stringify(serverTools)]),
      ...(spec.maxBudgetUsd === undefined ? [] : ['maxBudgetUsd', spec.maxBudgetUsd]),
      ...(spec.workspace.kind === 'git' ? ['git', JSON.stringify(spec.workspace)] : []),
    ];
    const ticket = (place: string): string => keys.ticket(worker, place);
    const [kind, ...detail] = (await assignScript.run(this.#redis, {
      keys: {
        ...{ job: keys.job(job.id), worker: keys.worker(worker), owner: keys.workerOwner(worker), ttl: keys.ttl },
        ...{ events: keys.events(job.id), model: keys.model(job.id), grant: keys.bridgeToken(hash), halts: keys.halts },
        ...{ taken: ticket('active'), marker: ticket('marker'), tickets: ticket('') },
      },
      args: {
        ...{ id: job.id, worker, scheduler, lock: held.lock, start: JSON.stringify(start) },
        ...{ grant: hash, grantMs: spec.timeoutMs + grantGraceMs, ticketOptions },
        assignedEvents: JSON.stringify([event]),
        assignment: JSON.stringify({ v: messageFormats.own, ...assignment }).slice(1),
      },
      rest: grant,
    })) as [Assigned['kind'], ...unknown[]];
    if (kind === 'assigned') return { kind, lease: Number(detail[0]), attempt: Number(detail[1]), grant: hash };
    return kind === 'state' ? { kind, state: detail[0] as JobState | '' } : { kind };
  }
}

/** A token of our own making, for a worker that has named none. */
function makeToken(): { readonly grant: string; readonly bridgeToken: string } {
  const bridgeToken = randomBytes(24).toString('base64url');
  return { bridgeToken, grant: createHash('sha256').update(bridgeToken).digest('hex') };
}

/** A grant ends by itself so long after its attempt's deadline. */
const grantGraceMs = 60_000;
