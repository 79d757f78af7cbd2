import {
  RemudaError,
  canSessionMove,
  leftOf,
  microUsd,
  type Clock,
  type ForkAnswer,
  type Idempotency,
  type JobRecord,
  type NewFork,
  type NewSession,
  type NewTurn,
  type ReplaceAnswer,
  type SessionPage,
  type SessionQuery,
  type SessionRecord,
  type SessionRef,
  type SessionStore,
  type Snapshot,
  type AbortSignalLike,
  type SessionTurn,
  type Steer,
  type SteerAnswer,
  type TurnAnswer,
  type TurnLog,
  type TurnOrigin,
  type TurnPage,
} from '@remuda/domain';
import type { MemoryJobStore } from './memory-job-store.js';
import type { MemorySnapshotIndex } from './memory-snapshot-index.js';

/** A snapshot that a session keeps, and the turn that has left it. */
type KeptOrigin = TurnOrigin & { readonly turn: number };

/** The origins are those that it keeps, the latest one last. */
type Kept = Omit<SessionRecord, 'snapshotAt'> & { readonly origins: readonly KeptOrigin[] };

/** The sessions of a store's jobs. Passes the same contract suite as the real one. */
export class MemorySessionStore implements SessionStore, TurnLog {
  readonly #sessions = new Map<string, Kept>();
  readonly #turns = new Map<string, readonly string[]>();
  readonly #followers = new Set<() => void>();

  constructor(
    private readonly jobs: MemoryJobStore,
    private readonly index: MemorySnapshotIndex,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    jobs.onOver = (job, keeps) => {
      this.#endTurn(job, keeps);
    };
    jobs.onKept = (job, lost) => this.#endKeeping(job, lost);
    index.awaited = () =>
      [...this.#sessions.values()].flatMap(({ state, saving }) => (state === 'saving' ? (saving ?? []) : []));
    index.origins = () =>
      [...this.#sessions.values()].flatMap(({ state, origins }) => (state === 'stopped' ? [] : origins));
  }

  async create(session: NewSession): Promise<void> {
    const at = this.clock.now();
    const fresh = {
      state: 'idle',
      createdAt: at,
      changedAt: at,
      waiting: [],
      turns: 0,
      origins: [],
      costUsd: 0,
    } as const;
    await Promise.resolve(this.#sessions.set(session.id, { ...session, ...fresh }));
  }

  async fork({ id, from, turn }: NewFork): Promise<ForkAnswer> {
    if (this.#sessions.has(id)) return 'forked';
    const source = await Promise.resolve(this.#of(from));
    if (!source) return 'unknown';
    if (source.state === 'stopped') return 'stopped';
    const over = source.turns - (source.turn === undefined ? 0 : 1);
    const point = turn ?? over;
    if (point > over) return 'not_over';
    if (source.state === 'saving' && point === over) return 'saving';
    if (source.origins.length === 0) return 'empty';
    const origin = source.origins.findLast((kept) => kept.turn <= point);
    if (!origin) return 'gone';
    const { turn: _turn, worker: _worker, ...same } = source;
    const at = { createdAt: this.clock.now(), forkedFrom: { session: from.id, turn: point } };
    this.#turns.set(id, (this.#turns.get(from.id) ?? []).slice(0, point));
    const own = { id, state: 'hibernated', costUsd: 0, turns: point, waiting: [], origins: [origin] } as const;
    this.#change({ ...same, ...at, ...own }, {});
    return 'forked';
  }

  async find(ref: SessionRef): Promise<SessionRecord | undefined> {
    const kept = await Promise.resolve(this.#of(ref));
    if (!kept) return undefined;
    const { origins, ...session } = kept;
    const origin = origins.at(-1);
    return { ...session, ...(origin ? { snapshotAt: origin.snapshot.at } : {}) };
  }

  async origin(ref: SessionRef): Promise<TurnOrigin | undefined> {
    const kept = await Promise.resolve(this.#of(ref));
    return kept?.state === 'stopped' ? undefined : originOf(kept);
  }

  async replace(ref: SessionRef, origin: TurnOrigin, before?: TurnOrigin): Promise<ReplaceAnswer> {
    const session = await Promise.resolve(this.#of(ref));
    if (!session) return 'unknown';
    const latest = session.origins.at(-1);
    if (latest?.job === origin.job) return 'replaced';
    if (session.state === 'stopped') return 'stopped';
    if (!canSessionMove(session.state, 'running')) return 'busy';
    if (latest?.job !== before?.job) return 'changed';
    const kept = { ...origin, turn: latest?.turn ?? session.turns };
    this.#change(session, { state: 'hibernated', origins: [...session.origins.slice(0, -1), kept] });
    return 'replaced';
  }

  async list({ tenant, cursor, limit, state }: SessionQuery): Promise<SessionPage> {
    const from = cursor === undefined ? 0 : Number(/^after-(\d+)$/.exec(cursor)?.[1]);
    if (Number.isNaN(from)) throw new RemudaError('cursor.invalid', 'The cursor is not valid.');
    const all = [...this.#sessions.values()].reverse().filter((session) => session.tenant === tenant);
    const page = await Promise.all(all.slice(from, from + limit).map((session) => this.find(session)));
    const next = from + limit < all.length ? { nextCursor: `after-${String(from + limit)}` } : {};
    const found = page.filter((session) => session !== undefined);
    return { sessions: found.filter((session) => state === undefined || session.state === state), ...next };
  }

  async submit({ session: ref, job, first }: NewTurn, idempotency?: Idempotency): Promise<TurnAnswer> {
    const known = idempotency && this.jobs.known(idempotency);
    if (known) return { kind: 'repeated', id: known[0] ?? '' };
    const session = this.#of(ref);
    if (!session) return { kind: 'unknown' };
    const { id, state, turn = session.waiting[0], concurrent, tenant, saving = '' } = session;
    const isFree = canSessionMove(state, 'running');
    if (!isFree && state !== 'running' && state !== 'saving') return { kind: 'over', state };
    if (!isFree && concurrent === 'refuse' && turn !== undefined) return { kind: 'busy', running: turn };
    if (leftMicroUsd(session) === 0) return { kind: 'spent', costUsd: session.costUsd };
    await this.jobs.submit([{ ...job, tenant, session: id }], idempotency);
    if (isFree) {
      this.#begin(session, job.id);
      return { kind: 'begun', id: job.id };
    }
    this.jobs.setApart(job.id);
    this.#change(session, { waiting: first ? [job.id, ...session.waiting] : [...session.waiting, job.id] });
    return { kind: 'waits', id: job.id, running: session.turn ?? saving };
  }

  async steer(ref: SessionRef, message: Steer): Promise<SteerAnswer> {
    const session = await Promise.resolve(this.#of(ref));
    if (!session) return { kind: 'unknown' };
    if (session.state === 'stopped') return { kind: 'over' };
    return session.turn === undefined ? { kind: 'idle' } : this.jobs.steer(session.turn, message);
  }

  async stop(ref: SessionRef): Promise<readonly string[] | undefined> {
    const session = await Promise.resolve(this.#of(ref));
    if (!session) return undefined;
    if (canSessionMove(session.state, 'stopped')) this.#change(session, { state: 'stopped' });
    return [...(session.turn === undefined ? [] : [session.turn]), ...session.waiting];
  }

  async remove(ref: SessionRef): Promise<'removed' | 'busy' | 'unknown'> {
    const session = await Promise.resolve(this.#of(ref));
    if (!session) return 'unknown';
    if (session.state !== 'stopped' || session.turn !== undefined || session.waiting.length > 0) return 'busy';
    this.#sessions.delete(ref.id);
    return 'removed';
  }

  async page(session: SessionRef, after: number, limit: number): Promise<TurnPage | undefined> {
    const known = await Promise.resolve(this.#of(session));
    if (!known) return undefined;
    const all = (this.#turns.get(session.id) ?? []).map((job, i) => ({ number: i + 1, job }));
    const turns = all.slice(after, after + limit);
    return { turns, complete: known.state === 'stopped' && after + limit >= all.length };
  }

  async *follow(session: SessionRef, after: number, signal: AbortSignalLike): AsyncGenerator<SessionTurn> {
    for (let last = after; !signal.aborted;) {
      const news = this.#news(signal);
      const page = await this.page(session, last, 100);
      yield* page?.turns ?? [];
      last = page?.turns.at(-1)?.number ?? last;
      if (page?.complete ?? true) return;
      await news;
    }
  }

  /** Resolves when a session has changed from now on, or when the signal aborts. */
  #news(signal: AbortSignalLike): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#followers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#followers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #endTurn({ id, session: name, state, costUsd = 0 }: JobRecord, keeps: boolean): void {
    const session = this.#sessions.get(name ?? '');
    if (!session) return;
    if (session.turn !== id) {
      this.#change(session, { waiting: session.waiting.filter((job) => job !== id) });
      return;
    }
    const { turn: _turn, ...was } = session;
    const rest = { ...was, costUsd: (microUsd(was.costUsd) + microUsd(costUsd)) / 1_000_000 };
    if (!canSessionMove(session.state, 'idle')) return void this.#sessions.set(session.id, rest);
    if (keeps) {
      this.#change(rest, { state: 'saving', saving: id });
      return;
    }
    const snapshot = state === 'failed' ? undefined : this.index.of(id);
    const { lacks: _lacks, ...whole } = rest;
    this.#goOn(snapshot ? whole : rest, id, snapshot);
  }

  #endKeeping({ id, session: name, turn = 0 }: JobRecord, lost: string | undefined): boolean {
    const session = this.#sessions.get(name ?? '');
    if (session?.saving !== id) return false;
    const { saving: _saving, lacks = [], ...rest } = session;
    if (session.state !== 'saving') {
      this.#sessions.set(session.id, rest);
      return true;
    }
    const snapshot = this.index.of(id);
    const isKept = snapshot !== undefined && (lost === undefined || snapshot.whole === true);
    const lacking = isKept ? {} : { lacks: [...lacks, { turn, job: id, reason: lost ?? '' }] };
    this.#goOn({ ...rest, ...lacking }, id, snapshot);
    return true;
  }

  #goOn(session: Kept, id: string, snapshot: Snapshot | undefined): void {
    const latest = snapshot ? [{ job: id, snapshot, turn: session.turns }] : [];
    const origins = [...session.origins, ...latest].slice(-session.keepTurns);
    const [next, ...waiting] = session.waiting;
    const free = { ...session, state: origins.length > 0 ? 'hibernated' : 'idle', origins, waiting } as const;
    this.#change(free, {});
    if (next !== undefined) this.#begin(free, next);
  }

  #begin(session: Kept, turn: string): void {
    const turns = session.turns + 1;
    const [origin, left] = [originOf(session), leftMicroUsd(session)];
    this.jobs.place(turn, turns, {
      ...(origin ? { origin } : {}),
      ...(session.lacks ? { lacks: session.lacks } : {}),
      ...(left === undefined ? {} : { leftMicroUsd: left }),
    });
    this.#turns.set(session.id, [...(this.#turns.get(session.id) ?? []), turn]);
    this.#change(session, { state: 'running', turn, turns });
  }

  #change(session: Kept, by: Partial<Kept>): void {
    this.#sessions.set(session.id, { ...session, ...by, changedAt: this.clock.now() });
    for (const wake of this.#followers) wake();
  }

  #of({ tenant, id }: SessionRef): Kept | undefined {
    const session = this.#sessions.get(id);
    return session?.tenant === tenant ? session : undefined;
  }
}

/** What is left of its budget, in millionths of a dollar; undefined if it has none. */
function leftMicroUsd({ settings: { maxBudgetUsd }, costUsd }: Kept): number | undefined {
  const budget = maxBudgetUsd === undefined ? {} : { budgetMicroUsd: microUsd(maxBudgetUsd) };
  return leftOf({ ...budget, spentMicroUsd: microUsd(costUsd) });
}

/** Where the next turn takes up the conversation. */
function originOf(session: Kept | undefined): TurnOrigin | undefined {
  const origin = session?.origins.at(-1);
  return origin && { job: origin.job, snapshot: origin.snapshot };
}
