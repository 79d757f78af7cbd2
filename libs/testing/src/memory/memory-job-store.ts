import {
  RemudaError,
  defaultTenant,
  isHeld,
  isOver,
  steerLimits,
  turnBudget,
  type CancelAnswer,
  type Clock,
  type FoundJob,
  type Idempotency,
  type JobOutlook,
  type JobQuery,
  type JobRecord,
  type JobRef,
  type JobResult,
  type JobStore,
  type LackingTurn,
  type NewEvent,
  type NewJob,
  type Steer,
  type SteerAnswer,
  type TurnOrigin,
} from '@remuda/domain';
import { MemoryEventLog } from './memory-event-log.js';

type Fields = { readonly [Field in keyof JobRecord]?: JobRecord[Field] | undefined };

/** How a turn begins: where its session stands, and what that has left to spend. */
interface Place {
  readonly origin?: TurnOrigin;
  readonly lacks?: readonly LackingTurn[];
  readonly leftMicroUsd?: number;
}

/** The jobs, without Redis and without workers. Passes the same contract suite as the real one. */
export class MemoryJobStore implements JobStore {
  readonly #jobs = new Map<string, JobRecord>();
  readonly #prompts = new Map<string, string>();
  readonly #results = new Map<string, JobResult>();
  /** Jobs that wait for their turn in a session: they are in no queue. */
  readonly #apart = new Set<string>();
  /** Called with each job that is over, and whether its snapshot is still to be taken. */
  onOver: (job: JobRecord, keeps: boolean) => void = () => undefined;
  /** What came of the snapshot of a job that is over: whether its session waited for it. */
  onKept: (job: JobRecord, lost: string | undefined) => boolean = () => false;
  readonly #sent = new Map<string, { readonly fingerprint: string; readonly ids: readonly string[] }>();

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    readonly events = new MemoryEventLog(),
  ) {}

  async submit(jobs: readonly NewJob[], idempotency?: Idempotency): ReturnType<JobStore['submit']> {
    await Promise.resolve();
    const ids = jobs.map(({ id }) => id);
    const known = idempotency && this.known(idempotency);
    if (known) return { ids: known, repeated: true };
    if (idempotency) this.#sent.set(nameOf(idempotency), { fingerprint: idempotency.fingerprint, ids });
    for (const { id, tenant = defaultTenant, session, spec } of jobs) {
      const { prompt, ...kept } = spec;
      this.#prompts.set(id, prompt);
      const at = this.clock.now();
      const none = { attempt: 0, failures: 0, requeues: 0, lease: 0 };
      const own = { id, tenant, ...(session === undefined ? {} : { session }) };
      this.#jobs.set(id, { ...own, spec: kept, state: 'queued', ...none, times: { queuedAt: at } });
      this.events.tenants.set(id, tenant);
      const data = { profile: spec.profile, priority: spec.priority };
      this.events.append(id, 0, { type: 'job.queued', at, data });
    }
    return { ids, repeated: false };
  }

  /** The jobs for which the key was used before; rejects with `idempotency.conflict` for another body. */
  known(idempotency: Idempotency): readonly string[] | undefined {
    const known = this.#sent.get(nameOf(idempotency));
    if (!known || known.fingerprint === idempotency.fingerprint) return known?.ids;
    throw new RemudaError('idempotency.conflict', 'This key was used before, with another body.');
  }

  async find({ id, tenant }: JobRef): Promise<JobRecord | undefined> {
    const job = this.#jobs.get(id);
    return Promise.resolve(job?.tenant === tenant ? job : undefined);
  }

  async list({ tenant, state, profile, label, cursor, limit }: JobQuery): ReturnType<JobStore['list']> {
    await Promise.resolve();
    const from = cursor === undefined ? 0 : Number(/^after-(\d+)$/.exec(cursor)?.[1]);
    if (Number.isNaN(from)) throw new RemudaError('cursor.invalid', 'The cursor is not valid.');
    const all = [...this.#jobs.values()]
      .reverse()
      .filter(
        (job) =>
          (tenant === undefined || job.tenant === tenant) &&
          (state === undefined || job.state === state) &&
          (profile === undefined || job.spec.profile === profile) &&
          (label === undefined || job.spec.labels[label.key] === label.value),
      );
    const next = from + limit < all.length ? { nextCursor: `after-${String(from + limit)}` } : {};
    return { jobs: all.slice(from, from + limit), ...next };
  }

  async outlook(job: Pick<JobRecord, 'id'>): Promise<JobOutlook | undefined> {
    const position = await this.position(job);
    return position === undefined ? undefined : { position };
  }

  async position({ id }: Pick<JobRecord, 'id'>): Promise<number | undefined> {
    const profile = this.#jobs.get(id)?.spec.profile;
    const place = this.#queue(profile).findIndex((job) => job.id === id);
    return Promise.resolve(place < 0 ? undefined : place + 1);
  }

  async cancel(ref: JobRef, reason: string): Promise<CancelAnswer> {
    const { id } = ref;
    const job = await this.find(ref);
    if (!job) return { kind: 'unknown' };
    if (isOver(job.state)) return { kind: 'over', state: job.state };
    const at = this.clock.now();
    if (!isHeld(job.state)) {
      const failure = { code: 'job.cancelled', message: reason } as const;
      this.write(job, { state: 'cancelled', failure }, { type: 'job.over', at, data: { state: 'cancelled', failure } });
      return { kind: 'cancelled' };
    }
    this.#change(job, { cancelRequestedAt: job.cancelRequestedAt ?? at });
    if (job.cancelRequestedAt === undefined)
      this.events.append(id, job.attempt, { type: 'job.cancel_requested', at, data: { reason } });
    return { kind: 'requested' };
  }

  async result(job: JobRef): Promise<JobResult | undefined> {
    return (await this.find(job)) && this.#results.get(job.id);
  }

  async prompt(job: JobRef): Promise<string | undefined> {
    return (await this.find(job)) && this.#prompts.get(job.id);
  }

  /** Says something to a job that is carried out; returns what came of it. */
  steer(id: string, message: Steer): SteerAnswer {
    const job = this.#jobs.get(id);
    if (!job || !isHeld(job.state) || job.cancelRequestedAt !== undefined) return { kind: 'idle' };
    const { steers = [] } = job;
    const said = { job: id, after: this.events.last(id) };
    if (steers.some((known) => known.id === message.id)) return { kind: 'repeated', ...said };
    if (steers.length >= steerLimits.messages) return { kind: 'full' };
    this.#change(job, { steers: [...steers, message] });
    return { kind: 'said', ...said };
  }

  /** A job's record with its prompt. */
  read(id: string): FoundJob | undefined {
    const job = this.#jobs.get(id);
    return job && { job, prompt: this.#prompts.get(id) ?? '' };
  }

  /** The first job that waits for the profile; undefined where none does. */
  first(profile: string): FoundJob | undefined {
    const [job] = this.#queue(profile);
    return job && this.read(job.id);
  }

  /** Keeps a queued job out of its queue until it is placed. */
  setApart(id: string): void {
    this.#apart.add(id);
  }

  /** Puts a job that was set apart into its queue: it is this turn of its session. */
  place(id: string, turn: number, { origin, lacks, leftMicroUsd }: Place = {}): void {
    this.#apart.delete(id);
    const job = this.#jobs.get(id);
    if (!job) return;
    const maxBudgetUsd = turnBudget(job.spec.maxBudgetUsd, leftMicroUsd);
    const spec = { ...job.spec, ...(maxBudgetUsd === undefined ? {} : { maxBudgetUsd }) };
    this.#change(job, { turn, origin, lacks, spec });
  }

  /** Jobs whose cancel was requested and that are not over. */
  get cancelled(): readonly string[] {
    const asked = [...this.#jobs.values()].filter((job) => job.cancelRequestedAt !== undefined && !isOver(job.state));
    return asked.map(({ id }) => id);
  }

  /** Writes fields of a job's record with the event that tells of it; `undefined` takes a field away. */
  write(
    job: JobRecord,
    by: Fields,
    event: NewEvent,
    end: { readonly result?: JobResult | undefined; readonly keeps?: boolean } = {},
  ): void {
    const { result, keeps = false } = end;
    const changed = this.#change(job, by);
    if (result) this.#results.set(job.id, result);
    this.events.append(job.id, changed.attempt, event);
    if (isOver(changed.state)) this.onOver(changed, keeps);
  }

  #queue(profile: string | undefined): readonly JobRecord[] {
    const waiting = [...this.#jobs.values()].filter(
      (job) => job.state === 'queued' && job.spec.profile === profile && !this.#apart.has(job.id),
    );
    return waiting.sort((a, b) => a.spec.priority - b.spec.priority);
  }

  #change(job: JobRecord, by: Fields): JobRecord {
    const all = Object.entries({ ...job, ...by }).filter(([, value]) => value !== undefined);
    const changed = Object.fromEntries(all) as unknown as JobRecord;
    this.#jobs.set(job.id, changed);
    return changed;
  }
}

const nameOf = ({ tenant = defaultTenant, key }: Idempotency): string => `${tenant}/${key}`;
