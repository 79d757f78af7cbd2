import type { Redis } from 'ioredis';
import type { Clock, CursorMove } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { Groups } from '../jobs/groups.js';
import { lastEntryScript, relayScript, skipScript } from './relay.lua.js';
import { Pace } from '../events/pace.js';
import { passOver } from '../connection/queue-log.js';
import { answerCode, isOutage } from '../connection/redis-error.js';
import {
  entryBefore,
  isLaterEntry,
  stepsOf,
  type EventsStep,
  type KeptReport,
  type OutcomeReport,
  type StatusReport,
  type Step,
} from './relay-steps.js';
import type { StreamEntry } from '../events/backlog.js';
import type { FollowedStream } from '../events/stream-tail.js';
import { StreamPolls } from '../events/stream-polls.js';
import { StreamTails } from '../events/stream-tails.js';
import type { RedisKeys } from '../keys.js';

/** Approximate maximum of entries in one job's stream. Most are single events where a job says little at a time. */
export const maxEventEntries = 20_000;

/**
 * Entries of a worker's stream stay there until this many characters were read: until then Redis stores them twice,
 * there and in the jobs' own streams. Trimming costs two commands.
 */
const trimAfter = 64_000;

/** Reports are read at once up to 500 a second; from 2,500 on, as 100 workers at full speed make, once in 50 ms. */
const readPace = { calmPerSecond: 500, busyPerSecond: 2_500, maxMs: 50 };

/**
 * From so many workers on, those that have nothing to do are only looked at so often, in ms: with 5,000 of them, each
 * heartbeat would otherwise have Redis begin a read over hundreds of streams again. Less than what a heartbeat may be late.
 */
const defaultResting = { above: 256, everyMs: 500 };

/** Maximum number of tries of a step that fails while Redis is up; then it counts as unreadable. */
const maxTries = 5;
/** Delay between two tries, in ms. */
const retryMs = 100;

/** A step of events on its way to Redis. */
interface EventsWrite {
  readonly worker: string;
  readonly step: EventsStep;
  readonly before: string;
}

/** Our position in a worker's stream. */
interface Place {
  cursor: string;
  /** The last entry that was taken. */
  entry: string;
  /** Characters that were read since the stream was last trimmed. */
  read: number;
  /** How its stream is to be read: at once, or now and then; or no more. */
  mode: 'at_once' | 'resting' | 'ended';
  /** The change to it that is under way. */
  changing: Promise<void> | undefined;
}

/** `ok`, `fenced`, or the actual cursor; or why the write failed. */
type WriteAnswer = string | { readonly error: unknown };

/** What the relay delivers from a worker's stream, in order. */
export interface RelayListener {
  /** Heartbeats and phases: they may be lost. */
  onStatus(worker: string, report: StatusReport): Promise<void>;
  /** An outcome; recording it moves the cursor. False: the cursor is elsewhere. */
  onOutcome(worker: string, report: OutcomeReport, cursor: CursorMove, startedAt?: number): Promise<boolean>;
  /** What came of the snapshot of a turn that is over; recording it moves the cursor. False: the cursor is elsewhere. */
  onKept(worker: string, report: KeptReport, cursor: CursorMove): Promise<boolean>;
  /** An invalid report, one that fails whenever it is taken (then with its error), or one with an old lease. */
  onRefused(worker: string, reason: 'unreadable' | 'fenced', error?: unknown): void;
  /** A report in an unsupported format: the worker is from another release. */
  onIncompatible(worker: string, format: number): void;
  /** Another relay moved the cursor: the worker may no longer be ours. */
  onElsewhere(worker: string): void;
  /** Whether nothing is expected of a worker but heartbeats. */
  isResting(worker: string): boolean;
}

/**
 * Reads the streams of this scheduler's workers, each from its persisted cursor, and writes their reports about a job
 * to the job's stream, if they carry the current lease. The only writer of those streams.
 */
export class Relay {
  readonly #tail: StreamTails;
  readonly #polls: StreamPolls;
  readonly #restAbove: number;
  readonly #writes = new Groups<EventsWrite, WriteAnswer>((writes) => this.#writeAll(writes));
  readonly #places = new Map<string, Place>();
  readonly #pace = new Pace(readPace);
  /** Whether the last read had more than events: then the next one follows at once. */
  #urgent = false;
  private readonly redis: Redis;

  constructor(
    connect: () => RedisConnection,
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly listener: RelayListener,
    private readonly clock: Clock,
    resting = defaultResting,
  ) {
    this.redis = clientOf(connection);
    this.#restAbove = resting.above;
    this.#polls = new StreamPolls(this.redis, resting.everyMs);
    this.#tail = new StreamTails(() => clientOf(connect()), { waker: this.redis, paceMs: () => this.#paceMs() });
  }

  /** Starts with workers' streams, each where it was left. */
  async follow(...workers: readonly string[]): Promise<void> {
    if (workers.length === 0) return;
    const cursors = await this.redis.hmget(this.keys.relayCursors, ...workers);
    this.#tail.addAll(
      workers.map((worker, i) => {
        const cursor = cursors[i] ?? '0-0';
        const entry = entryBefore(cursor);
        this.#places.set(worker, { cursor, entry, read: 0, mode: 'at_once', changing: undefined });
        return this.#streamOf(worker, entry);
      }),
    );
  }

  /** From now on a worker's reports are read at once: it is about to have something to say. */
  attend(worker: string): void {
    this.#change(worker, 'at_once');
  }

  /** Reads the remaining reports of a worker that is gone, then stops following its stream. */
  async finish(worker: string): Promise<void> {
    const place = this.#places.get(worker);
    if (place) place.mode = 'ended';
    await place?.changing;
    await this.#ignore(worker);
    if (place === undefined) return;
    const rest = (await this.redis
      .xrange(this.keys.workerOut(worker), `(${entryBefore(place.cursor)}`, '+')
      .catch(unlessUnreadable)) as StreamEntry[];
    await this.#take(worker, rest);
    this.#places.delete(worker);
  }

  /** Whether a worker has reported more than we have read: then we are late. */
  async lags(worker: string): Promise<boolean> {
    const place = this.#places.get(worker);
    if (place === undefined) return false;
    const call = { keys: { out: this.keys.workerOut(worker) }, args: {} };
    const last = await lastEntryScript.run(this.redis, call).catch(unlessUnreadable);
    return typeof last === 'string' && isLaterEntry(last, place.entry);
  }

  /** Stops following a worker's stream. */
  unfollow(worker: string): void {
    this.#places.delete(worker);
    void this.#ignore(worker);
  }

  async close(): Promise<void> {
    await Promise.all([this.#tail.close(), this.#polls.close()]);
  }

  #streamOf(worker: string, after: string): FollowedStream {
    const onEntries = (entries: readonly StreamEntry[]) => this.#take(worker, entries);
    return { key: this.keys.workerOut(worker), after, onEntries };
  }

  async #ignore(worker: string): Promise<void> {
    const key = this.keys.workerOut(worker);
    await Promise.all([this.#tail.remove(key), this.#polls.remove(key)]);
  }

  /** Has a worker's stream read the other way, from where it was left: after what was read of it is taken. */
  #change(worker: string, mode: Place['mode']): void {
    const place = this.#places.get(worker);
    if (!place || place.mode === 'ended' || place.mode === mode) return;
    place.mode = mode;
    place.changing ??= this.#follow(worker, place);
  }

  async #follow(worker: string, place: Place): Promise<void> {
    await this.#ignore(worker);
    place.changing = undefined;
    // it may have changed again meanwhile
    if (this.#places.get(worker) !== place || place.mode === 'ended') return;
    const { key, after, onEntries } = this.#streamOf(worker, place.entry);
    (place.mode === 'resting' ? this.#polls : this.#tail).add(key, after, onEntries);
  }

  async #take(worker: string, entries: readonly StreamEntry[]): Promise<void> {
    const place = this.#places.get(worker);
    if (place === undefined) return;
    for (const step of stepsOf(entries, place, this.clock.now())) {
      if (this.#places.get(worker) !== place) return;
      if (!(await this.#stepOrSkip(worker, step, place.cursor))) {
        this.unfollow(worker);
        this.listener.onElsewhere(worker);
        return;
      }
      if ('after' in step) place.cursor = step.after;
    }
    const last = entries.at(-1);
    if (last === undefined) return;
    place.entry = last[0];
    for (const [, fields] of entries) place.read += 100 + (fields[1]?.length ?? 0);
    if (place.read >= trimAfter) await this.#trim(worker, place);
    const rests = this.#places.size > this.#restAbove && this.listener.isResting(worker);
    this.#change(worker, rests ? 'resting' : 'at_once');
  }

  /**
   * Takes one step, or skips it if it keeps failing although Redis is up: otherwise a worker could block its stream,
   * and its job's end. False if the cursor is elsewhere.
   */
  async #stepOrSkip(worker: string, step: Step, before: string): Promise<boolean> {
    for (let tries = 1; ; tries++)
      try {
        return await this.#step(worker, step, before);
      } catch (error) {
        // The entries are delivered again.
        if (isOutage(error)) throw error;
        if (tries < maxTries) await pause(retryMs);
        else {
          this.listener.onRefused(worker, 'unreadable', error);
          return 'after' in step ? await this.#skip(worker, before, step.after) : true;
        }
      }
  }

  /** Moves the cursor past a skipped step; false if it is elsewhere. */
  async #skip(worker: string, before: string, after: string): Promise<boolean> {
    const keys = { cursors: this.keys.relayCursors };
    const stands = await skipScript.run(this.redis, { keys, args: { worker, before, after } });
    return stands === after;
  }

  /** Takes one step; false if the cursor is elsewhere. */
  async #step(worker: string, step: Step, before: string): Promise<boolean> {
    switch (step.kind) {
      case 'status':
        this.#urgent ||= step.report.kind === 'phase';
        await this.listener.onStatus(worker, step.report);
        return true;
      case 'unreadable':
        this.listener.onRefused(worker, 'unreadable');
        return true;
      case 'incompatible':
        this.listener.onIncompatible(worker, step.format);
        return true;
      case 'outcome':
        this.#urgent = true;
        return this.listener.onOutcome(worker, step.report, { before, after: step.after }, step.startedAt);
      case 'kept':
        this.#urgent = true;
        return this.listener.onKept(worker, step.report, { before, after: step.after });
      case 'events':
        return this.#write(worker, step, before);
    }
  }

  async #write(worker: string, step: EventsStep, before: string): Promise<boolean> {
    this.#pace.count(1, this.clock.monotonic());
    const [answer] = await this.#writes.add([{ worker, step, before }]);
    if (typeof answer === 'object') throw answer.error;
    if (answer === 'fenced') this.listener.onRefused(worker, 'fenced');
    // If the answer was lost, the step was taken anyway.
    return answer === 'ok' || answer === 'fenced' || answer === step.after;
  }

  /** Concurrent reports of many workers form one step; if one of them fails it, each is taken separately. */
  async #writeAll(writes: readonly EventsWrite[]): Promise<readonly WriteAnswer[]> {
    try {
      return await this.#writeTogether(writes);
    } catch (error) {
      if (isOutage(error)) throw error;
      if (writes.length === 1) return [{ error }];
      return (await Promise.all(writes.map((write) => this.#writeAll([write])))).flat();
    }
  }

  async #writeTogether(writes: readonly EventsWrite[]): Promise<readonly string[]> {
    const { keys } = this;
    return (await relayScript.run(this.redis, {
      keys: { cursors: keys.relayCursors, counters: keys.counters },
      args: { mostEntries: maxEventEntries },
      each: writes.map((write) => ({
        keys: { job: keys.job(write.step.job), events: keys.events(write.step.job) },
        args: relayArgs(write),
      })),
    })) as readonly string[];
  }

  /**
   * Trims what was read, from time to time; the stream's own limit is far above that. The cursor first moves to where
   * the stream will begin: what is missing in between was never read.
   */
  async #trim(worker: string, place: Place): Promise<void> {
    place.read = 0;
    const start = `${place.entry.split('-')[0] ?? ''}-0`;
    if (isLaterEntry(start, place.cursor) && (await this.#skip(worker, place.cursor, start))) place.cursor = start;
    void this.redis
      .xtrim(this.keys.workerOut(worker), 'MINID', '~', place.entry)
      .catch(passOver(this.redis, 'trimming a stream failed and will be tried again', { worker }));
  }

  /** At high rates the relay reads less often: one read then returns larger batches. */
  #paceMs(): number {
    const calm = !this.#urgent;
    this.#urgent = false;
    return calm ? this.#pace.ms(this.clock.monotonic()) : 0;
  }
}

/** A stream that its worker replaced by another type has nothing to read. */
function unlessUnreadable(error: unknown): [] {
  if (answerCode(error) === 'WRONGTYPE') return [];
  throw error;
}

function relayArgs({ worker, step, before }: EventsWrite) {
  const { lease, after, events, startedAt = '' } = step;
  return { worker, lease, before, after, count: events.length, events: JSON.stringify(events), startedAt };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
