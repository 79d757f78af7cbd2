import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { pushBranchOf, spendingPeriods } from '@remuda/domain';
import type {
  Assigned,
  AssignedSecrets,
  Assignment,
  Claim,
  Clock,
  CursorMove,
  Ending,
  Failure,
  FoundJob,
  GitWishes,
  HeldLease,
  JobRecord,
  JobState,
  LackingTurn,
  LeaseStore,
  NewEvent,
  SecretDesk,
  Settled,
  TenantLimit,
  ToldTurn,
} from '@remuda/domain';
import { messageFormats, modelCount, parseJson, type CredentialGrant, type PushGrant } from '@remuda/protocol';
import { clientOf } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { attemptMembers, isDeadLetter } from './attempt-entry.js';
import { endedEvents, endingEvent, endingFields, nothingTold, toldBy } from './ending-entry.js';
import { failQueuedScript } from '../jobs/end-queued.lua.js';
import { endedArgsOf, endedKeysOf } from '../jobs/job-keys.js';
import { foundJob, retriedField } from '../jobs/job-hash.js';
import { lastTextEntries, lastTextOf } from '../events/last-text.js';
import { endKeepingScript } from '../sessions/keeping.lua.js';
import { assignScript } from './assign.lua.js';
import { endOfEvents, settleScript } from './settle.lua.js';
import { leavingKeys, ticketOptions } from '../queue/placing.js';
import type { Queues } from '../queue/queues.js';
import { affixesOf } from '../script/script.js';
import { keysEndMs } from '../retention/retention.js';

/** What an assignment says before there is a lease for it. */
type Unleased = Omit<Assignment, 'attempt' | 'lease'>;

/** The leases in Redis: each step is one script. */
export class RedisLeases implements LeaseStore {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(
    queues: Queues,
    private readonly clock: Clock,
    /** Absent where no job has secrets. */
    private readonly desk?: SecretDesk,
  ) {
    this.#redis = clientOf(queues.connection);
    this.#keys = queues.keys;
  }

  async read(id: string): Promise<FoundJob | undefined> {
    const [hash, prompt] = await Promise.all([
      this.#redis.hgetall(this.#keys.job(id)),
      this.#redis.get(this.#keys.prompt(id)),
    ]);
    return foundJob(id, hash, prompt);
  }

  async lockOf(id: string): Promise<string | undefined> {
    return (await this.#redis.hget(this.#keys.job(id), 'lock')) ?? undefined;
  }

  async limitResetAt(id: string): Promise<number | undefined> {
    const at = await this.#redis.hget(this.#keys.model(id), modelCount.limitResetAt);
    return at === null ? undefined : Number(at);
  }

  async adoptLock(id: string, lock: string): Promise<void> {
    await this.#redis.hset(this.#keys.job(id), 'lock', lock);
  }

  async assign(claim: Claim, worker: string): Promise<Assigned> {
    const { job, prompt, again, egress = [] } = claim;
    const now = this.clock.now();
    const made = claim.grant === undefined ? makeToken() : { grant: claim.grant };
    const assignment: Unleased = {
      job: job.id,
      ...(job.session === undefined ? {} : { session: job.session }),
      spec: { ...job.spec, prompt },
      remainingMs: job.spec.timeoutMs,
      ...('bridgeToken' in made ? { bridgeToken: made.bridgeToken } : {}),
      ...(again ? { again } : {}),
      ...(job.session === undefined ? {} : { answerFirst: true }),
      ...(job.lacks ? { lacks: await this.#toldOf(job.lacks) } : {}),
      ...(job.steers ? { steers: job.steers } : {}),
      ...(egress.length > 0 ? { egress: true } : {}),
      ...(await this.#secretsOf(claim)),
    };
    return this.#assign({ ...claim, grant: made.grant }, worker, assignment, now);
  }

  async settle(held: HeldLease, ending: Ending, cursor?: CursorMove): Promise<Settled> {
    const keys = this.#keys;
    const now = this.clock.now();
    const grant = held.grant ?? (await this.#redis.hget(keys.job(held.job), 'grant'));
    const started = held.startedAt === undefined ? [] : ['startedAt', held.startedAt];
    const fields = [...started, ...endingFields(ending)];
    const events = [...endedEvents(held.last, now), endingEvent(ending, now)];
    const isAgain = ending.state === 'queued';
    const raised = isAgain ? [...(ending.usage ? [ending.usage] : []), retriedField(ending.failure.code)] : [];
    const [answer, firstTokenAt] = (await settleScript.run(this.#redis, {
      keys: {
        ...endedKeysOf(keys, held.job),
        ...{ cursors: keys.relayCursors, counters: keys.counters, deadLetters: keys.deadLetters },
        grant: keys.bridgeToken(grant ?? 'none'),
        keepGrant: keys.keepToken(grant ?? 'none'),
      },
      args: {
        ...{ id: held.job, worker: held.worker, lease: held.lease, state: ending.state, now, keysEndMs },
        ...{ before: cursor?.before ?? '', after: cursor?.after ?? '' },
        ...{ count: events.length, events: JSON.stringify(events).slice(0, -endOfEvents.length) },
        ...{ raised: JSON.stringify(raised), ...(isAgain ? nothingTold : toldBy(ending.result)) },
        wakeAt: isAgain ? (ending.wakeAt ?? '') : '',
        attemptMembers: ending.failure ? attemptMembers(ending.failure, now, held.last) : '',
        keepMs: !isAgain && ending.keeps === true ? keepGrantMs : '',
        isDeadLetter: ending.state === 'failed' && ending.failure && isDeadLetter(ending.failure) ? 1 : 0,
        ...endedArgsOf(keys),
        ...spendingPeriods(now),
      },
      rest: fields,
    })) as [string, string?];
    if (answer === 'ok') return { kind: 'settled', ...(firstTokenAt ? { firstTokenAt: Number(firstTokenAt) } : {}) };
    if (answer === 'cancelled') return { kind: 'cancelled' };
    // Where the answer to it was lost on its way, it was settled all the same: its own lease is what fences it now.
    return answer === 'fenced' || answer === cursor?.after ? { kind: 'fenced' } : { kind: 'elsewhere' };
  }

  async endKeeping(
    { job, worker, lease }: Pick<HeldLease, 'job' | 'worker' | 'lease'>,
    lost?: string,
    cursor?: CursorMove,
  ): Promise<'ended' | 'ignored' | 'elsewhere'> {
    const keys = this.#keys;
    const answer = (await endKeepingScript.run(this.#redis, {
      keys: { job: keys.job(job), origins: keys.sessionOrigins, cursors: keys.relayCursors },
      args: {
        ...{ id: job, worker, lease, now: this.clock.now() },
        lost: lost === undefined ? '' : JSON.stringify({ reason: lost }).slice(1),
        ...{ before: cursor?.before ?? '', after: cursor?.after ?? '' },
        ...endedArgsOf(keys),
      },
    })) as string;
    if (answer === 'ended') return answer;
    // Where the answer to it was lost on its way, the cursor has moved all the same.
    return answer === 'ignored' || answer === cursor?.after ? 'ignored' : 'elsewhere';
  }

  async lastText({ id, attempt }: Pick<JobRecord, 'id' | 'attempt'>): Promise<string> {
    return lastTextOf(await this.#redis.xrevrange(this.#keys.events(id), '+', '-', 'COUNT', lastTextEntries), attempt);
  }

  async cancelled(): Promise<readonly string[]> {
    return this.#redis.zrange(this.#keys.cancels, '0', '-1');
  }

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
        ...endedArgsOf(keys),
      },
    });
    return ended === 1;
  }

  /** What was said in turns that a session lacks, as far as it is known here. */
  async #toldOf(lacks: readonly LackingTurn[]): Promise<readonly ToldTurn[]> {
    const keys = this.#keys;
    return Promise.all(
      lacks.slice(-mostTold).map(async (turn) => {
        const [prompt, result] = await Promise.all([
          this.#redis.get(keys.prompt(turn.job)),
          this.#redis.get(keys.result(turn.job)),
        ]);
        const answer =
          result === null ? undefined : (parseJson(result) as { readonly text?: string } | undefined)?.text;
        return {
          ...turn,
          ...(prompt === null ? {} : { prompt: prompt.slice(0, toldWidth) }),
          ...(answer === undefined ? {} : { answer: answer.slice(0, toldWidth) }),
        };
      }),
    );
  }

  /** Encrypted to the worker; it refuses a job whose secrets cannot be had. */
  async #secretsOf({ job, workerKey, profileSecrets }: Claim): Promise<AssignedSecrets> {
    const { id, spec } = job;
    if (!this.desk || !(spec.secrets ?? spec.namedSecrets ?? profileSecrets)) return {};
    const kept = spec.secrets === undefined ? null : await this.#redis.get(this.#keys.secrets(id));
    const receiver = {
      ...(workerKey === undefined ? {} : { workerKey }),
      ...(profileSecrets ? { profileSecrets } : {}),
    };
    return this.desk.secretsFor(job, kept ?? undefined, receiver);
  }

  async #assign(
    claim: Claim & { readonly grant: string },
    worker: string,
    assignment: Unleased,
    now: number,
  ): Promise<Assigned> {
    const keys = this.#keys;
    const {
      held,
      scheduler,
      job,
      start,
      models,
      serverTools = [],
      egress = [],
      egressCredentials: list = [],
      grant: hash,
    } = claim;
    const { spec } = job;
    const event: NewEvent = { type: 'job.assigned', at: now, data: { worker, start } };
    const grant = [
      ...['v', messageFormats.own, 'job', job.id, 'worker', worker, 'models', JSON.stringify(models)],
      ...(serverTools.length === 0 ? [] : ['serverTools', JSON.stringify(serverTools)]),
      ...(egress.length === 0 ? [] : ['egress', JSON.stringify(egress)]),
      ...(list.length === 0
        ? []
        : ['credentials', JSON.stringify({ tenant: job.tenant, list } satisfies CredentialGrant)]),
      ...(spec.maxBudgetUsd === undefined ? [] : ['maxBudgetUsd', spec.maxBudgetUsd]),
      ...(spec.workspace.kind === 'git' ? ['git', JSON.stringify(spec.workspace)] : []),
      ...(spec.git ? ['push', JSON.stringify(pushGrantOf(spec.git, job))] : []),
    ];
    const ticket = (place: string): string => keys.ticket(worker, place);
    const [kind, ...detail] = (await assignScript.run(this.#redis, {
      keys: {
        ...{ job: keys.job(job.id), worker: keys.worker(worker), owner: keys.workerOwner(worker), ttl: keys.ttl },
        ...{ events: keys.events(job.id), model: keys.model(job.id), grant: keys.bridgeToken(hash), halts: keys.halts },
        ...{ taken: ticket('active'), marker: ticket('marker'), tickets: ticket('') },
        ...{ fair: keys.fair(spec.profile), tenants: keys.tenantLines },
      },
      args: {
        ...{ id: job.id, worker, scheduler, lock: held.lock, start: JSON.stringify(start) },
        ...{ grant: hash, grantMs: spec.timeoutMs + grantGraceMs, ticketOptions },
        holds: job.session !== undefined && (spec.holdMs ?? 0) > 0 ? 1 : 0,
        assignedEvents: JSON.stringify([event]),
        ...{ beforeTenant: affixesOf(keys.tenant)[0], budget: spec.maxBudgetUsd ?? '', ...spendingPeriods(now) },
        assignment: JSON.stringify({ v: messageFormats.own, ...assignment }).slice(1),
      },
      rest: grant,
    })) as [Assigned['kind'], ...unknown[]];
    if (kind === 'assigned') return { kind, lease: Number(detail[0]), attempt: Number(detail[1]), grant: hash };
    if (kind === 'limited') return { kind, limit: detail[0] as TenantLimit };
    return kind === 'state' ? { kind, state: detail[0] as JobState | '' } : { kind };
  }
}

function pushGrantOf({ push }: GitWishes, { tenant, id, session }: JobRecord): PushGrant {
  const { credential, pullRequest } = push;
  const branch = pushBranchOf(push, { id, ...(session === undefined ? {} : { session }) });
  return { tenant, credential, branch, owner: session ?? id, ...(pullRequest ? { pullRequest } : {}) };
}

/** A token of our own making, for a worker that has named none. */
function makeToken(): { readonly grant: string; readonly bridgeToken: string } {
  const bridgeToken = randomBytes(24).toString('base64url');
  return { bridgeToken, grant: createHash('sha256').update(bridgeToken).digest('hex') };
}

/** Of so many lacking turns a turn is told what was said, and so much of it, in characters. */
const mostTold = 10;
const toldWidth = 20_000;

/** For so long the snapshot of a turn that is over may be stored, in ms: longer than a worker tries to. */
const keepGrantMs = 180_000;

/** A grant ends by itself so long after its attempt's deadline. */
const grantGraceMs = 60_000;
