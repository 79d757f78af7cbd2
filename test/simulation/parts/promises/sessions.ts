import { isHeld, isOver, sessionMoves, type JobState, type SessionState, type Snapshot } from '@remuda/domain';
import type { Conversation, Copies } from '../memory.js';
import { namespace } from '../cluster.js';
import { jobPrefix, sessionPrefix, workerPrefix, workersKey, type Sight } from './sight.js';

/** How a worker says that a turn's end was not kept. */
const notKept = 'No snapshot of this turn was stored';

/** What was seen of one session. */
interface SeenSession {
  /** The job that is its turn. */
  turn: string | undefined;
  /** Turns so far. */
  turns: number;
  /** Jobs that wait for their turn, in the order in which they are to have it. */
  readonly line: string[];
  /** What its next turn has to know, and the turns that it has to be told of, since nothing of them was kept. */
  conversation: Conversation;
  lacking: readonly string[];
  /** The turn that has ended last, until its session goes on. */
  ended?: { readonly job: string; readonly state: JobState } | undefined;
  /** The worker that it has kept from turn to turn, by which scheduler, and since its second turn there. */
  kept?: { readonly by: string; readonly since: number | undefined };
}

/** What is promised of sessions: one turn at a time, in order, none lost, and each with all that was said before. */
export class SessionPromises {
  /** Turns that come before those that wait. */
  readonly first = new Set<string>();
  readonly #seen = new Map<string, SeenSession>();
  /** By job, the session whose turn it is or was. */
  readonly #sessionOf = new Map<string, string>();
  /** By job that has had its turn, what it has to know. */
  readonly #before = new Map<string, Pick<SeenSession, 'conversation' | 'lacking'>>();
  /** Jobs whose people were told that their session does not go on from them. */
  readonly #told = new Set<string>();

  /** By turn, the jobs that waited in its profile's queue when it came there. */
  readonly #waited = new Map<string, readonly string[]>();
  /** For how long a session keeps its worker although jobs wait, in ms. */
  keepMs = Infinity;

  constructor(
    private readonly copies: Copies,
    private readonly sight: Sight,
    /** How many workers each pool may have. */
    private readonly max: ReadonlyMap<string, number>,
  ) {}

  /** A field of a session's record has changed. */
  onField(session: string, field: string, before: string | undefined, after: string | undefined): void {
    if (field === 'state')
      this.#onState(session, before as SessionState | undefined, after as SessionState | undefined);
    else if (field === 'turn' && after === undefined) this.#onTurnOver(session, before ?? '');
    else if (field === 'turn') this.#onTurn(session, after ?? '');
  }

  /** A job is accepted as a turn. */
  onAccepted(job: string, session: string): void {
    this.#sessionOf.set(job, session);
    const { line } = this.#of(session);
    if (this.first.has(job)) line.unshift(job);
    else line.push(job);
  }

  /** A job's state has changed: when it is over, its session goes on from what it has left. */
  onJob(job: string, after: JobState): void {
    const session = this.#sessionOf.get(job);
    if (session === undefined || !isOver(after)) return;
    const seen = this.#of(session);
    const at = seen.line.indexOf(job);
    if (at >= 0) seen.line.splice(at, 1);
    if (seen.turn === job) seen.ended = { job, state: after };
  }

  /** A session goes on from what its last turn has left. */
  #onGoesOn(session: string, seen: SeenSession): void {
    const { job, state } = seen.ended ?? {};
    seen.ended = undefined;
    if (job === undefined || state === 'failed') return;
    const snapshot = this.sight.db.hash(jobPrefix + job)?.get('snapshot');
    const lacks = this.sight.db.hash(sessionPrefix + session)?.get('lacks') ?? '';
    if (snapshot !== undefined) {
      seen.conversation = this.copies.find(job, JSON.parse(snapshot) as Snapshot) ?? ['a copy that does not exist'];
      seen.lacking = [];
    } else if (namedIn(lacks).includes(job)) seen.lacking = [...seen.lacking, job];
    else if (state === 'succeeded' && !this.#told.has(job))
      this.sight.break(`${job} has succeeded and left no snapshot, and nobody was told`);
  }

  /** A job's snapshot was noted: only its worker does that. */
  onSnapshot(job: string, snapshot: string): void {
    const record = this.sight.db.hash(jobPrefix + job);
    const { lease } = JSON.parse(snapshot) as Snapshot;
    const isAwaited = record?.get('saving') !== undefined;
    if (Number(record?.get('lease')) !== lease || !(isHeld(record?.get('state') as JobState) || isAwaited))
      this.sight.break(`a snapshot of ${job} is noted under its lease ${String(lease)}, which is over`);
  }

  onWarning(job: string, message: string): void {
    if (message.startsWith(notKept)) this.#told.add(job);
  }

  /** Whether a worker waits for this turn, or this one does: it may then overtake what is more urgent. */
  isAwaited(job: string, worker?: string): boolean {
    const session = this.#sessionOf.get(job);
    if (session === undefined) return false;
    const workers = worker === undefined ? this.sight.db.set(workersKey) : [worker];
    for (const one of workers) {
      const record = this.sight.db.hash(workerPrefix + one);
      // A claim may cross the word that the worker drains; then nothing is given to it.
      const waits = record?.get('phase') === 'busy' || worker === undefined;
      if (waits && record?.get('session') === session) return true;
    }
    return false;
  }

  /** A turn is claimed for the worker that waits for it, though others wait for longer that are as urgent: not if they have for too long. */
  onClaim(job: string, profile: string): void {
    const session = this.#sessionOf.get(job);
    const since = session === undefined ? undefined : this.#of(session).kept?.since;
    if (since === undefined || this.sight.now() - since <= this.keepMs || !this.isAwaited(job)) return;
    const queue = this.#queueOf(profile);
    const [rank, tenant] = [rankOf(job, this.sight), this.sight.tenantOf(job)];
    const isBefore = (one: string): boolean => rankOf(one, this.sight) <= rank && this.sight.tenantOf(one) === tenant;
    const waiting = (this.#waited.get(job) ?? []).filter((one) => queue.has(one) && isBefore(one));
    const phases = [...this.sight.db.set(workersKey)].flatMap((worker) => {
      const record = this.sight.db.hash(workerPrefix + worker);
      return record?.get('profile') === profile ? [record.get('phase')] : [];
    });
    const coming = phases.filter((phase) => phase !== 'busy').length;
    const room = Math.max(0, (this.max.get(profile) ?? Infinity) - phases.length);
    if (waiting.length > coming + room)
      this.sight.break(`${String(session)} keeps its worker for ${job}, while ${waiting.join(' ')} wait for longer`);
  }

  /** A job is given to a worker. */
  onAssigned(job: string, worker: string): void {
    const record = this.sight.db.hash(workerPrefix + worker);
    const session = this.#sessionOf.get(job);
    const waitsFor = record?.get('phase') === 'busy' ? record.get('session') : undefined;
    if (session !== undefined) this.#onKept(session, job, worker, waitsFor === session);
    if (waitsFor !== undefined && waitsFor !== session)
      this.sight.break(`${worker} holds ${waitsFor} and is given ${job}${session ? ` of ${session}` : ''}`);
    if (session !== undefined && this.#of(session).turn !== job)
      this.sight.break(`${job} starts, and is not the turn of ${session}`);
  }

  /** An agent begins a turn and knows this conversation. */
  onConversation(worker: string, job: string, conversation: Conversation): void {
    const { conversation: had, lacking } = this.#before.get(job) ?? { conversation: [], lacking: [] };
    const told = namedIn(this.sight.db.hash(jobPrefix + job)?.get('lacks') ?? '');
    if (told.join() !== lacking.join())
      this.sight.break(`${job} is told that it lacks [${told.join(' ')}], where it lacks [${lacking.join(' ')}]`);
    const known = conversation.at(-1) === job ? conversation.slice(0, -1) : conversation;
    if (known.join() !== had.join())
      this.sight.break(`${worker} begins ${job} and knows [${known.join(' ')}], where [${had.join(' ')}] was said`);
  }

  /** What must be so when all is over. */
  atEnd(): string | undefined {
    for (const [session, { turn, line }] of this.#seen) {
      if (turn !== undefined) return `${turn} is still the turn of ${session}`;
      if (line.length > 0) return `${line.join(' ')} still wait for their turns in ${session}`;
      if (this.sight.db.list(`${sessionPrefix}${session}:waiting`).length > 0) return `${session} has a line of turns`;
    }
    const waits = this.waitsForSnapshot();
    return waits === undefined ? undefined : `${waits} still waits for a snapshot`;
  }

  /** A session whose last turn is over, and whose snapshot is still being taken. */
  waitsForSnapshot(): string | undefined {
    return [...this.#seen.keys()].find(
      (session) => this.sight.db.hash(sessionPrefix + session)?.get('state') === 'saving',
    );
  }

  /** A turn begins. */
  #onTurn(session: string, job: string): void {
    const seen = this.#of(session);
    this.sight.tell()?.(`${session}: turn ${job}`);
    if (seen.turn !== undefined) this.sight.break(`${session} has two turns at once: ${seen.turn} and ${job}`);
    if (seen.ended !== undefined)
      this.sight.break(`${job} has its turn in ${session} before ${seen.ended.job} has left its snapshot`);
    if (seen.line[0] !== job)
      this.sight.break(`${job} has its turn in ${session} before ${seen.line[0] ?? 'it was accepted'}`);
    seen.line.splice(seen.line.indexOf(job), 1);
    seen.turn = job;
    seen.turns++;
    this.#before.set(job, { conversation: seen.conversation, lacking: seen.lacking });
    const profile = this.sight.db.hash(jobPrefix + job)?.get('profile') ?? '';
    this.#waited.set(job, [...this.#queueOf(profile).keys()]);
  }

  /** Its scheduler knows of the first turn at a worker once it gives it the second one. */
  #onKept(session: string, job: string, worker: string, isNext: boolean): void {
    const seen = this.#of(session);
    const by = `${worker} ${
      this.sight.db
        .hash(jobPrefix + job)
        ?.get('lock')
        ?.split(':')[0] ?? ''
    }`;
    seen.kept =
      isNext && seen.kept?.by === by ? { by, since: seen.kept.since ?? this.sight.now() } : { by, since: undefined };
  }

  #queueOf(profile: string): ReadonlyMap<string, unknown> {
    return this.sight.db.sorted(`{${namespace}}:jobs.${profile}:prioritized`);
  }

  #onTurnOver(session: string, job: string): void {
    const seen = this.#of(session);
    if (!isOver(this.sight.db.hash(jobPrefix + job)?.get('state') as JobState))
      this.sight.break(`the turn ${job} of ${session} ends before its job`);
    seen.turn = undefined;
  }

  #onState(session: string, before: SessionState | undefined, after: SessionState | undefined): void {
    this.sight.tell()?.(`${session}: ${before ?? 'new'} -> ${after ?? 'gone'}`);
    if (before === undefined || after === undefined || before === after) return;
    if (!sessionMoves[before].includes(after)) this.sight.break(`${session} moves from ${before} to ${after}`);
    if (after === 'idle' || after === 'hibernated') this.#onGoesOn(session, this.#of(session));
  }

  #of(session: string): SeenSession {
    let seen = this.#seen.get(session);
    if (!seen) this.#seen.set(session, (seen = { turn: undefined, turns: 0, line: [], conversation: [], lacking: [] }));
    return seen;
  }
}

/** The jobs that a session's record names as lacking. */
const namedIn = (lacks: string): readonly string[] =>
  (JSON.parse(`[${lacks}]`) as readonly { readonly job: string }[]).map(({ job }) => job);

/** How urgent a job is: the lower, the more. */
const rankOf = (job: string, sight: Sight): number =>
  (JSON.parse(sight.db.hash(jobPrefix + job)?.get('spec') ?? '{}') as { priority?: number }).priority ?? 0;
