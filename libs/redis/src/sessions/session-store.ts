import type { Redis } from 'ioredis';
import {
  RemudaError,
  microUsd,
  type Clock,
  type ForkAnswer,
  type Idempotency,
  type NewFork,
  type NewJob,
  type NewSession,
  type NewTurn,
  type ReplaceAnswer,
  type SessionPage,
  type SessionQuery,
  type SessionRecord,
  type SessionRef,
  type SessionState,
  type SessionStore,
  type Steer,
  type SteerAnswer,
  type TenantLimit,
  type TurnAnswer,
  type TurnOrigin,
} from '@remuda/domain';
import { readSnapshot } from '@remuda/protocol';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { translated } from '../identity/translated.js';
import { decodeCursor, encodeCursor, type ListCursor } from '../jobs/cursor.js';
import { submittedArgs, submittedKeys } from '../jobs/submissions.js';
import type { RedisKeys } from '../keys.js';
import { defaultRetention } from '../retention/retention.js';
import { affixesOf } from '../script/script.js';
import { LargeArguments } from '../script/large-arguments.js';
import { SubmitLimits, limitReached, refusalArgsOf } from '../tenants/submit-limits.js';
import { forkSessionScript, replaceOriginScript } from './fork.lua.js';
import { readSession } from './session-hash.js';
import { steerScript } from './steer.lua.js';
import { createSessionScript, removeSessionScript, stopSessionScript, submitTurnScript } from './sessions.lua.js';

/** Sessions that are read at once to find those in a state. */
const stride = 100;
/** After so many a page ends, however few it has. */
const mostRead = 1_000;

/** The sessions in Redis: each step is one script, and a turn begins in the step that ends the one before. */
export class RedisSessionStore implements SessionStore {
  private readonly redis: Redis;
  readonly #limits: SubmitLimits;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
    private readonly idempotencyMs = defaultRetention.idempotencyMs,
  ) {
    this.redis = clientOf(connection);
    this.#limits = new SubmitLimits(connection, keys, clock);
  }

  async create({ id, tenant, settings, concurrent, keepTurns }: NewSession): Promise<void> {
    const { profile, maxBudgetUsd } = settings;
    const said = { profile, settings: JSON.stringify(settings), concurrent, keepTurns };
    const budgetMicroUsd = maxBudgetUsd === undefined ? '' : microUsd(maxBudgetUsd);
    const args = { id, tenant, ...said, budgetMicroUsd, now: this.clock.now() };
    const keys = { session: this.keys.session(id), sessions: this.keys.sessions(tenant) };
    await translated(createSessionScript.run(this.redis, { keys, args }));
  }

  async fork({ id, from, turn }: NewFork): Promise<ForkAnswer> {
    const { keys } = this;
    const source = { source: keys.session(from.id), sourceTurns: keys.sessionTurns(from.id) };
    const call = {
      keys: {
        ...{
          ...source,
          sourceKept: keys.sessionKept(from.id),
          session: keys.session(id),
          turns: keys.sessionTurns(id),
        },
        ...{ origins: keys.sessionOrigins, sessions: keys.sessions(from.tenant) },
      },
      args: { id, sourceId: from.id, tenant: from.tenant, turn: turn ?? '', now: this.clock.now() },
    };
    return (await translated(forkSessionScript.run(this.redis, call))) as ForkAnswer;
  }

  async find({ tenant, id }: SessionRef): Promise<SessionRecord | undefined> {
    const session = await translated(this.#read(id));
    return session?.tenant === tenant ? session : undefined;
  }

  async origin({ tenant, id }: SessionRef): Promise<TurnOrigin | undefined> {
    const fields = ['tenant', 'state', 'snapshot', 'snapshotJob'] as const;
    const [owner, state, text, job] = await translated(this.redis.hmget(this.keys.session(id), ...fields));
    const snapshot = owner === tenant && state !== 'stopped' ? readSnapshot(text ?? '') : undefined;
    return snapshot && job ? { job, snapshot } : undefined;
  }

  async replace(
    { tenant, id }: SessionRef,
    { job, snapshot }: TurnOrigin,
    before?: TurnOrigin,
  ): Promise<ReplaceAnswer> {
    const keys = { session: this.keys.session(id), origins: this.keys.sessionOrigins };
    const args = { tenant, snapshot: JSON.stringify(snapshot), job, before: before?.job ?? '', now: this.clock.now() };
    return (await translated(replaceOriginScript.run(this.redis, { keys, args }))) as ReplaceAnswer;
  }

  async list({ tenant, cursor, limit, state }: SessionQuery): Promise<SessionPage> {
    let from = cursor === undefined ? undefined : decodeCursor(cursor);
    const sessions: SessionRecord[] = [];
    // Whether a session is idle or hibernated is read from its worker, so there is no index of states.
    const most = state === undefined ? limit : stride;
    for (let read = most; ; read += most) {
      const ids = await translated(this.#idsBelow(tenant, from, most + 1));
      const found = await translated(Promise.all(ids.slice(0, most).map((id) => this.#read(id))));
      const here = found.filter((session) => session !== undefined);
      const wanted = here.filter((session) => state === undefined || session.state === state);
      sessions.push(...wanted.slice(0, limit - sessions.length));
      const isFull = sessions.length === limit;
      const last = isFull ? sessions.at(-1) : here.at(-1);
      if (!last || (ids.length <= most && last === here.at(-1))) return { sessions };
      from = { at: last.createdAt, id: last.id };
      if (isFull || read >= mostRead) return { sessions, nextCursor: encodeCursor(from) };
    }
  }

  async submit({ session, job, first = false }: NewTurn, idempotency?: Idempotency): Promise<TurnAnswer> {
    const [kind, detail] = await this.#submit(
      { ...job, tenant: session.tenant, session: session.id },
      first,
      idempotency,
    );
    switch (kind) {
      case 'begun':
        return { kind, id: job.id };
      case 'waits':
        return { kind, id: job.id, running: detail };
      case 'repeated':
        return { kind, id: (JSON.parse(detail) as string[])[0] ?? '' };
      case 'busy':
        return { kind, running: detail };
      case 'spent':
        return { kind, costUsd: Number(detail) / 1_000_000 };
      case 'over':
        return { kind, state: detail as SessionState };
      case 'unknown':
        return { kind };
      case 'limited':
        throw limitReached(
          session.tenant,
          detail as TenantLimit,
          (await this.#limits.of(session.tenant)) ?? {},
          this.clock.now(),
        );
      case 'conflict':
        throw new RemudaError('idempotency.conflict', 'This Idempotency-Key was already used with a different body.');
    }
  }

  async steer({ tenant, id }: SessionRef, message: Steer): Promise<SteerAnswer> {
    const { keys } = this;
    const [beforeControl, behindControl] = affixesOf(keys.workerControl);
    const call = {
      keys: { session: keys.session(id) },
      args: {
        ...{ tenant, id: message.id, members: JSON.stringify({ id: message.id, text: message.text }).slice(1) },
        ...{ beforeJob: keys.job(''), beforeWorker: keys.worker(''), beforeControl, behindControl },
      },
    };
    const [kind, job, after] = (await translated(steerScript.run(this.redis, call))) as [
      SteerAnswer['kind'],
      string?,
      number?,
    ];
    if (kind === 'said' || kind === 'repeated') return { kind, job: job ?? '', after: Number(after) };
    return { kind };
  }

  async stop({ tenant, id }: SessionRef): Promise<readonly string[] | undefined> {
    const { session, sessionWaiting, sessionKept, sessionOrigins: origins, sessionTurns } = this.keys;
    const own = { session: session(id), waiting: sessionWaiting(id), kept: sessionKept(id), turns: sessionTurns(id) };
    const call = { keys: { ...own, origins }, args: { tenant, now: this.clock.now() } };
    const turns = await translated(stopSessionScript.run(this.redis, call));
    return Array.isArray(turns) ? (turns as string[]) : undefined;
  }

  async remove({ tenant, id }: SessionRef): Promise<'removed' | 'busy' | 'unknown'> {
    const { keys } = this;
    const call = {
      keys: {
        ...{ session: keys.session(id), waiting: keys.sessionWaiting(id), turns: keys.sessionTurns(id) },
        sessions: keys.sessions(tenant),
      },
      args: { id, tenant },
    };
    return (await translated(removeSessionScript.run(this.redis, call))) as 'removed' | 'busy' | 'unknown';
  }

  async #submit(
    job: NewJob & { readonly session: string; readonly tenant: string },
    first: boolean,
    idempotency?: Idempotency,
  ): Promise<[kind: TurnAnswer['kind'] | 'conflict' | 'limited', detail: string]> {
    const { keys, idempotencyMs } = this;
    const { session, tenant } = job;
    const now = this.clock.now();
    const sessionKeys = { sessionRecord: keys.session(session), waiting: keys.sessionWaiting(session) };
    return (await translated(
      submitTurnScript.run(this.redis, {
        keys: {
          ...{ ...sessionKeys, jobs: keys.jobs, ttl: keys.ttl, ...submittedKeys(keys, job) },
          ...{ tenants: keys.tenantLines, limited: keys.tenant(tenant) },
          idempotency: idempotency ? keys.idempotency(idempotency.key, tenant) : keys.jobs,
        },
        args: {
          ...(await new LargeArguments().encoded(submittedArgs(job, now))),
          ...{ owner: tenant, isFirst: first ? 1 : 0, now, idempotencyMs, ids: JSON.stringify([job.id]) },
          ...{ fingerprint: idempotency?.fingerprint ?? '', wakeChannel: keys.wake, beforeLabel: keys.labelled('') },
          queue: keys.placed(job.spec.profile, ''),
          ...refusalArgsOf(await translated(this.#limits.of(tenant)), now),
        },
      }),
    )) as [TurnAnswer['kind'] | 'conflict' | 'limited', string];
  }

  async #read(id: string): Promise<SessionRecord | undefined> {
    const { redis, keys } = this;
    const [hash, waiting] = await Promise.all([
      redis.hgetall(keys.session(id)),
      redis.lrange(keys.sessionWaiting(id), 0, -1),
    ]);
    const session = readSession(id, hash, waiting);
    const { worker } = hash;
    if (session?.state !== 'hibernated' || worker === undefined) return session;
    const isHeld = (await redis.hget(keys.worker(worker), 'session')) === id;
    return isHeld ? { ...session, state: 'idle', worker } : session;
  }

  /** The ids from below a place in the index, newest first: those of the same time by their ids, as in the index. */
  async #idsBelow(tenant: string, from: ListCursor | undefined, most: number): Promise<readonly string[]> {
    const index = this.keys.sessions(tenant);
    if (!from) return this.redis.zrevrange(index, 0, most - 1);
    const rank = await this.redis.zrevrank(index, from.id);
    const first = rank === null ? await this.redis.zcount(index, `(${String(from.at)}`, '+inf') : rank + 1;
    return this.redis.zrevrange(index, first, first + most - 1);
  }
}
