import {
  isHeld,
  type Assigned,
  type Claim,
  type Clock,
  type CursorMove,
  type Ending,
  type EventData,
  type Failure,
  type FoundJob,
  type HeldLease,
  type JobRecord,
  type LeaseStore,
  type Settled,
  type WorkerPhase,
} from '@remuda/domain';
import type { MemoryJobStore } from './memory-job-store.js';

/** A worker as an assignment finds it. */
export interface MemoryWorker {
  readonly phase: WorkerPhase;
  readonly cordoned?: boolean;
  /** The session for whose next turn it waits after its job. */
  readonly session?: string;
  /** The scheduler to which it belongs. */
  readonly owner: string;
}

/** The leases of a store's jobs. Passes the same contract suite as the real ones. */
export class MemoryLeases implements LeaseStore {
  /** The workers, by id. */
  readonly workers = new Map<string, MemoryWorker>();
  /** Profiles whose jobs may not start. */
  readonly halted = new Set<string>();
  /** When a job's usage limit ends, epoch ms. */
  readonly limits = new Map<string, number>();
  readonly #locks = new Map<string, string>();
  readonly #cursors = new Map<string, string>();

  constructor(
    private readonly store: MemoryJobStore,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  async assign({ held, scheduler, job: { id }, start, grant = 'made' }: Claim, worker: string): Promise<Assigned> {
    await Promise.resolve();
    const job = this.store.read(id)?.job;
    if (job && isHeld(job.state) && job.worker === worker && this.#locks.get(id) === held.lock)
      return { kind: 'assigned', lease: job.lease, attempt: job.attempt, grant };
    if (job?.state !== 'queued') return { kind: 'state', state: job?.state ?? '' };
    const refused = this.#refusal(job, scheduler, worker);
    if (refused) return { kind: refused };
    const at = this.clock.now();
    const [lease, attempt] = [job.lease + 1, job.attempt + 1];
    const times = { ...job.times, claimedAt: at };
    const fields = { state: 'assigned', worker, lease, attempt, start, times, failure: undefined } as const;
    this.store.write(job, fields, { type: 'job.assigned', at, data: { worker, start } });
    this.#locks.set(id, held.lock);
    const { session, spec } = job;
    const waits = session !== undefined && (spec.holdMs ?? 0) > 0 ? { session } : {};
    this.workers.set(worker, { phase: 'busy', owner: scheduler, ...waits });
    return { kind: 'assigned', lease, attempt, grant };
  }

  #refusal(
    { spec, session }: JobRecord,
    scheduler: string,
    id: string,
  ): 'elsewhere' | 'worker' | 'cordoned' | 'halted' | undefined {
    const worker = this.workers.get(id);
    if (worker?.owner !== scheduler) return 'elsewhere';
    const isHeldFor = worker.phase === 'busy' && session !== undefined && worker.session === session;
    if (worker.phase !== 'idle' && !isHeldFor) return 'worker';
    if (worker.cordoned) return 'cordoned';
    return this.halted.has(spec.profile) ? 'halted' : undefined;
  }

  async settle(held: HeldLease, ending: Ending, cursor?: CursorMove): Promise<Settled> {
    await Promise.resolve();
    const job = this.store.read(held.job)?.job;
    if (ending.state === 'queued' && job?.lease === held.lease && job.cancelRequestedAt !== undefined)
      return { kind: 'cancelled' };
    if (cursor) {
      const at = this.#cursors.get(held.worker) ?? '0-0';
      if (at !== cursor.before) return { kind: at === cursor.after ? 'fenced' : 'elsewhere' };
      this.#cursors.set(held.worker, cursor.after);
    }
    if (!job || !isHeld(job.state) || job.worker !== held.worker || job.lease !== held.lease) return { kind: 'fenced' };
    if (ending.state === 'queued') this.#requeue(job, ending);
    else this.#end(job, ending);
    return { kind: 'settled' };
  }

  #requeue(job: JobRecord, { failure, usage, wakeAt }: Extract<Ending, { state: 'queued' }>): void {
    const at = this.clock.now();
    const counted = usage === undefined ? {} : { [usage]: job[usage] + 1 };
    const retried = { ...job.retried, [failure.code]: (job.retried?.[failure.code] ?? 0) + 1 };
    const times = { ...job.times, requeuedAt: at };
    const fields = { state: 'queued', worker: undefined, failure, retried, wakeAt, times, ...counted } as const;
    const data = { failure, counted: usage === 'failures', ...(wakeAt === undefined ? {} : { wakeAt }) };
    this.store.write(job, fields, { type: 'job.requeued', at, data });
  }

  #end(job: JobRecord, { state, failure, result, keeps = false }: Exclude<Ending, { state: 'queued' }>): void {
    const at = this.clock.now();
    const told = result && { usage: result.usage, costUsd: result.costUsd, turns: result.turns };
    const data: EventData['job.over'] = { state, ...(failure ? { failure } : {}), ...told };
    const times = { ...job.times, overAt: at };
    this.store.write(job, { state, failure, ...told, times }, { type: 'job.over', at, data }, { result, keeps });
  }

  async endKeeping(
    { job: id, worker, lease }: Pick<HeldLease, 'job' | 'worker' | 'lease'>,
    lost?: string,
    cursor?: CursorMove,
  ): Promise<'ended' | 'ignored' | 'elsewhere'> {
    await Promise.resolve();
    if (cursor) {
      const at = this.#cursors.get(worker) ?? '0-0';
      if (at !== cursor.before) return at === cursor.after ? 'ignored' : 'elsewhere';
      this.#cursors.set(worker, cursor.after);
    }
    const job = this.store.read(id)?.job;
    if (job?.worker !== worker || job.lease !== lease) return 'ignored';
    return this.store.onKept(job, lost) ? 'ended' : 'ignored';
  }

  async failQueued(id: string, failure: Failure): Promise<boolean> {
    await Promise.resolve();
    const job = this.store.read(id)?.job;
    if (job?.state !== 'queued') return false;
    this.#end(job, { state: 'failed', failure });
    return true;
  }

  async read(id: string): Promise<FoundJob | undefined> {
    return Promise.resolve(this.store.read(id));
  }

  async lockOf(id: string): Promise<string | undefined> {
    return Promise.resolve(this.#locks.get(id));
  }

  async adoptLock(id: string, lock: string): Promise<void> {
    await Promise.resolve(this.#locks.set(id, lock));
  }

  async limitResetAt(id: string): Promise<number | undefined> {
    return Promise.resolve(this.limits.get(id));
  }

  async lastText({ id, attempt }: Pick<JobRecord, 'id' | 'attempt'>): Promise<string> {
    const { tenant = '' } = this.store.read(id)?.job ?? {};
    const { events } = await this.store.events.page({ tenant, id }, 0, Infinity);
    const texts = events.flatMap((event) =>
      event.type === 'message.text' && event.attempt === attempt ? [event.data.text] : [],
    );
    return texts.at(-1) ?? '';
  }

  async cancelled(): Promise<readonly string[]> {
    return Promise.resolve(this.store.cancelled);
  }
}
