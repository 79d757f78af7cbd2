import type { Redis } from 'ioredis';
import type { NewEvent } from '@remuda/domain';
import { decodeReports, type RedisKeys, type WorkerReport } from '@remuda/protocol';
import { Groups } from './groups.js';
import { relayScript } from './lease.lua.js';
import type { CursorMove } from './leases.js';
import { Pace } from './pace.js';
import { passOver } from './queue-log.js';
import { answerCode } from './redis-error.js';
import { run } from './script.js';
import { StreamTail, type StreamEntry } from './stream-tail.js';

/** Most entries (batches of events) kept of one job's stream, about. */
export const maxEventEntries = 10_000;

/** What was read of a worker's stream stays there until so much has come together, in characters. */
const trimAfter = 1_000_000;

type Outcome = Extract<WorkerReport, { kind: 'outcome' }>;
type Status = Extract<WorkerReport, { kind: 'heartbeat' | 'phase' }>;

/** One step through a worker's stream. What follows each other under one lease goes over together. */
type Step =
  | { readonly kind: 'status'; readonly report: Status }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'outcome'; readonly after: string; readonly report: Outcome; readonly startedAt?: number }
  | EventsStep;

interface EventsStep {
  readonly kind: 'events';
  readonly after: string;
  readonly job: string;
  readonly lease: number;
  readonly startedAt?: number;
  readonly events: readonly NewEvent[];
}

/** A step of events on its way to Redis. */
interface EventsWrite {
  readonly worker: string;
  readonly step: EventsStep;
  readonly before: string;
}

/** What the relay hands over of a worker's stream, in its order. */
export interface RelayListener {
  /** Heartbeats and phases: nothing that must not be lost. */
  onStatus(worker: string, report: Status): Promise<void>;
  /** An outcome; it moves the cursor itself when it is recorded. False: the cursor stands elsewhere. */
  onOutcome(worker: string, report: Outcome, cursor: CursorMove, startedAt?: number): Promise<boolean>;
  /** Something that is no report of ours, or one with an old lease. */
  onRefused(worker: string, reason: 'unreadable' | 'fenced'): void;
  /** The cursor was moved by someone else: the worker may no longer be ours. */
  onElsewhere(worker: string): void;
}

/**
 * Reads the streams of this scheduler's workers, each from its persisted cursor, and writes what they say of a job into the
 * job's stream, if it's said under the lease of now. The only writer of those streams.
 */
export class Relay {
  readonly #tail: StreamTail;
  readonly #writes = new Groups<EventsWrite, string>((writes) => this.#writeAll(writes));
  readonly #places = new Map<string, { cursor: string; read: number }>();
  readonly #pace = new Pace();
  /** Whether the last read brought more than events: then the next one comes at once. */
  #urgent = false;

  constructor(
    connect: () => Redis,
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
    private readonly listener: RelayListener,
  ) {
    this.#tail = new StreamTail(connect, redis, () => this.#paceMs());
  }

  /** Begins with a worker's stream, where it was left. */
  async follow(worker: string): Promise<void> {
    const cursor = (await this.redis.hget(this.keys.relayCursors, worker)) ?? '0-0';
    this.#places.set(worker, { cursor, read: 0 });
    this.#tail.add(this.keys.workerOut(worker), entryBefore(cursor), (entries) => this.#take(worker, entries));
  }

  /** Hears what a worker that is gone has still said, then leaves its stream. */
  async finish(worker: string): Promise<void> {
    await this.#tail.remove(this.keys.workerOut(worker));
    const place = this.#places.get(worker);
    if (place === undefined) return;
    const rest = (await this.redis
      .xrange(this.keys.workerOut(worker), `(${entryBefore(place.cursor)}`, '+')
      .catch(unlessUnreadable)) as StreamEntry[];
    await this.#take(worker, rest);
    this.#places.delete(worker);
  }

  /** Leaves a worker's stream. */
  unfollow(worker: string): void {
    this.#places.delete(worker);
    void this.#tail.remove(this.keys.workerOut(worker));
  }

  async close(): Promise<void> {
    await this.#tail.close();
  }

  async #take(worker: string, entries: readonly StreamEntry[]): Promise<void> {
    const place = this.#places.get(worker);
    if (place === undefined) return;
    for (const step of steps(entries, place.cursor)) {
      if (this.#places.get(worker) !== place) return;
      if (!(await this.#step(worker, step, place.cursor))) {
        this.unfollow(worker);
        this.listener.onElsewhere(worker);
        return;
      }
      if ('after' in step) place.cursor = step.after;
    }
    this.#trim(worker, place, entries);
  }

  /** Takes one step; false when the cursor stands elsewhere. */
  async #step(worker: string, step: Step, before: string): Promise<boolean> {
    switch (step.kind) {
      case 'status':
        this.#urgent ||= step.report.kind === 'phase';
        await this.listener.onStatus(worker, step.report);
        return true;
      case 'unreadable':
        this.listener.onRefused(worker, 'unreadable');
        return true;
      case 'outcome':
        this.#urgent = true;
        return this.listener.onOutcome(worker, step.report, { before, after: step.after }, step.startedAt);
      case 'events':
        return this.#write(worker, step, before);
    }
  }

  async #write(worker: string, step: EventsStep, before: string): Promise<boolean> {
    this.#pace.count(1, performance.now());
    const [answer] = await this.#writes.add([{ worker, step, before }]);
    if (answer === 'fenced') this.listener.onRefused(worker, 'fenced');
    // Where the answer to it was lost on its way, the step was taken all the same.
    return answer === 'ok' || answer === 'fenced' || answer === step.after;
  }

  /** What many workers said at the same time goes over in one step. */
  async #writeAll(writes: readonly EventsWrite[]): Promise<readonly string[]> {
    const { keys } = this;
    return (await run(
      this.redis,
      relayScript,
      [keys.relayCursors, keys.counters, ...writes.flatMap(({ step }) => [keys.job(step.job), keys.events(step.job)])],
      [maxEventEntries, ...writes.flatMap(relayArgs)],
    )) as readonly string[];
  }

  /** Lets go of what was read, now and then; the stream's own limit is far above that. */
  #trim(worker: string, place: { read: number }, entries: readonly StreamEntry[]): void {
    for (const [, fields] of entries) place.read += 100 + (fields[1]?.length ?? 0);
    const last = entries.at(-1)?.[0];
    if (place.read < trimAfter || last === undefined) return;
    place.read = 0;
    void this.redis
      .xtrim(this.keys.workerOut(worker), 'MINID', '~', last)
      .catch(passOver(this.redis, 'a stream is trimmed later', { worker }));
  }

  /** While workers say a lot the relay reads less often: one read then carries batches of many. */
  #paceMs(): number {
    const calm = !this.#urgent;
    this.#urgent = false;
    return calm ? this.#pace.ms(performance.now()) : 0;
  }
}

/** A stream that its worker has made something else of holds nothing more to hear. */
function unlessUnreadable(error: unknown): [] {
  if (answerCode(error) === 'WRONGTYPE') return [];
  throw error;
}

function relayArgs({ worker, step, before }: EventsWrite): (string | number)[] {
  const { lease, after, events, startedAt } = step;
  return [worker, lease, before, after, events.length, JSON.stringify(events), startedAt ?? ''];
}

/**
 * A cursor is `<entry>-<reports of it that were taken>`: workers number their entries `1-0`, `2-0`, …, and one entry may
 * hold several reports. So an entry that was taken half-way is read again, from where it was left.
 */
function isBehind(cursor: string, place: string): boolean {
  const [entry = 0, taken = 0] = cursor.split('-').map(Number);
  const [otherEntry = 0, otherTaken = 0] = place.split('-').map(Number);
  return entry < otherEntry || (entry === otherEntry && taken < otherTaken);
}

/** The id of the entry before the one in which a cursor stands. */
function entryBefore(cursor: string): string {
  return `${String(Math.max(0, Number.parseInt(cursor, 10) - 1))}-0`;
}

/** Sorts what stands behind the cursor into steps, in its order. What was taken before is not taken again. */
function steps(entries: readonly StreamEntry[], cursor: string): readonly Step[] {
  const found: Step[] = [];
  for (const [id, fields] of entries) {
    const entry = Number.parseInt(id, 10);
    for (const [i, report] of decodeReports(fields[1] ?? '').entries()) {
      const after = `${String(entry)}-${String(i + 1)}`;
      if (!isBehind(cursor, after)) continue;
      if (!report) found.push({ kind: 'unreadable' });
      else if (report.kind === 'heartbeat' || report.kind === 'phase') found.push({ kind: 'status', report });
      else if (report.kind === 'outcome') addOutcome(found, after, report);
      else addEvents(found, after, report);
    }
  }
  return found;
}

/** Adds an outcome; a start without events right before it goes along. */
function addOutcome(found: Step[], after: string, report: Outcome): void {
  const last = found.at(-1);
  const started =
    last?.kind === 'events' && last.events.length === 0 && last.job === report.job && last.lease === report.lease;
  if (started) found.pop();
  const startedAt = started ? last.startedAt : undefined;
  found.push({ kind: 'outcome', after, report, ...(startedAt === undefined ? {} : { startedAt }) });
}

/** Adds a report to the last step where it goes on under the same lease, else begins another one. */
function addEvents(found: Step[], after: string, report: Extract<WorkerReport, { kind: 'started' | 'events' }>): void {
  const { job, lease } = report;
  const step: Step =
    report.kind === 'started'
      ? { kind: 'events', after, job, lease, startedAt: report.at, events: [] }
      : { kind: 'events', after, job, lease, events: report.events };
  const last = found.at(-1);
  if (last?.kind === 'events' && last.job === job && last.lease === lease)
    found[found.length - 1] = { ...last, ...step, events: [...last.events, ...step.events] };
  else found.push(step);
}
