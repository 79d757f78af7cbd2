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
  type OutcomeReport,
  type StatusReport,
  type Step,
} from './relay-steps.js';
import { StreamTail, type StreamEntry } from '../events/stream-tail.js';
import type { RedisKeys } from '../keys.js';

/** Most entries (batches of events) kept of one job's stream, about. */
export const maxEventEntries = 10_000;

/**
 * What was read of a worker's stream stays there until so much has come together, in characters: until then Redis holds it twice, there
 * and in the jobs' own streams. Letting go of it costs two commands.
 */
const trimAfter = 64_000;

/** So often a step is tried that fails while Redis is there; then it counts as unreadable. */
const maxTries = 5;
/** Pause between two tries, in ms. */
const retryMs = 100;

/** A step of events on its way to Redis. */
interface EventsWrite {
  readonly worker: string;
  readonly step: EventsStep;
  readonly before: string;
}

/** Where we are in a worker's stream. */
interface Place {
  cursor: string;
  /** The last entry that was taken. */
  entry: string;
  /** Characters that were read since the stream was last trimmed. */
  read: number;
}

/** `ok`, `fenced`, or the cursor that stands; or why that write can't be done. */
type WriteAnswer = string | { readonly error: unknown };

/** What the relay hands over of a worker's stream, in its order. */
export interface RelayListener {
  /** Heartbeats and phases: nothing that must not be lost. */
  onStatus(worker: string, report: StatusReport): Promise<void>;
  /** An outcome; it moves the cursor itself when it is recorded. False: the cursor stands elsewhere. */
  onOutcome(worker: string, report: OutcomeReport, cursor: CursorMove, startedAt?: number): Promise<boolean>;
  /** Something that is no report of ours, that fails whenever it is taken (then with its error), or one with an old lease. */
  onRefused(worker: string, reason: 'unreadable' | 'fenced', error?: unknown): void;
  /** Something of a format that is not understood: the worker is of another release. */
  onIncompatible(worker: string, format: number): void;
  /** The cursor was moved by someone else: the worker may no longer be ours. */
  onElsewhere(worker: string): void;
}

/**
 * Reads the streams of this scheduler's workers, each from its persisted cursor, and writes what they say of a job into the
 * job's stream, if it's said under the lease of now. The only writer of those streams.
 */
export class Relay {
  readonly #tail: StreamTail;
  readonly #writes = new Groups<EventsWrite, WriteAnswer>((writes) => this.#writeAll(writes));
  readonly #places = new Map<string, Place>();
  readonly #pace = new Pace();
  /** Whether the last read brought more than events: then the next one comes at once. */
  #urgent = false;
  private readonly redis: Redis;

  constructor(
    connect: () => RedisConnection,
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly listener: RelayListener,
    private readonly clock: Clock,
  ) {
    this.redis = clientOf(connection);
    this.#tail = new StreamTail(
      () => clientOf(connect()),
      this.redis,
      () => this.#paceMs(),
    );
  }

  /** Begins with a worker's stream, where it was left. */
  async follow(worker: string): Promise<void> {
    const cursor = (await this.redis.hget(this.keys.relayCursors, worker)) ?? '0-0';
    this.#places.set(worker, { cursor, entry: entryBefore(cursor), read: 0 });
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

  /** Whether a worker has said more than we have come to: then it is we who are late. */
  async lags(worker: string): Promise<boolean> {
    const place = this.#places.get(worker);
    if (place === undefined) return false;
    const call = { keys: { out: this.keys.workerOut(worker) }, args: {} };
    const last = await lastEntryScript.run(this.redis, call).catch(unlessUnreadable);
    return typeof last === 'string' && isLaterEntry(last, place.entry);
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
  }

  /**
   * Takes one step, or where that fails again and again although Redis is there, leaves it out: a worker could else keep its stream
   * from being read any further, and its job from its end. False when the cursor stands elsewhere.
   */
  async #stepOrSkip(worker: string, step: Step, before: string): Promise<boolean> {
    for (let tries = 1; ; tries++)
      try {
        return await this.#step(worker, step, before);
      } catch (error) {
        // The entries are given to us again.
        if (isOutage(error)) throw error;
        if (tries < maxTries) await pause(retryMs);
        else {
          this.listener.onRefused(worker, 'unreadable', error);
          return 'after' in step ? await this.#skip(worker, before, step.after) : true;
        }
      }
  }

  /** Moves the cursor behind a step that was not taken; false when it stands elsewhere. */
  async #skip(worker: string, before: string, after: string): Promise<boolean> {
    const keys = { cursors: this.keys.relayCursors };
    const stands = await skipScript.run(this.redis, { keys, args: { worker, before, after } });
    return stands === after;
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
      case 'incompatible':
        this.listener.onIncompatible(worker, step.format);
        return true;
      case 'outcome':
        this.#urgent = true;
        return this.listener.onOutcome(worker, step.report, { before, after: step.after }, step.startedAt);
      case 'events':
        return this.#write(worker, step, before);
    }
  }

  async #write(worker: string, step: EventsStep, before: string): Promise<boolean> {
    this.#pace.count(1, this.clock.monotonic());
    const [answer] = await this.#writes.add([{ worker, step, before }]);
    if (typeof answer === 'object') throw answer.error;
    if (answer === 'fenced') this.listener.onRefused(worker, 'fenced');
    // Where the answer to it was lost on its way, the step was taken all the same.
    return answer === 'ok' || answer === 'fenced' || answer === step.after;
  }

  /** What many workers said at the same time goes over in one step; where one of them makes it fail, each by itself. */
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
   * Lets go of what was read, now and then; the stream's own limit is far above that. Before it the cursor goes where the stream will
   * begin: what is missing between the two was never read.
   */
  async #trim(worker: string, place: Place): Promise<void> {
    place.read = 0;
    const start = `${place.entry.split('-')[0] ?? ''}-0`;
    if (isLaterEntry(start, place.cursor) && (await this.#skip(worker, place.cursor, start))) place.cursor = start;
    void this.redis
      .xtrim(this.keys.workerOut(worker), 'MINID', '~', place.entry)
      .catch(passOver(this.redis, 'trimming a stream failed and will be tried again', { worker }));
  }

  /** While workers say a lot the relay reads less often: one read then carries batches of many. */
  #paceMs(): number {
    const calm = !this.#urgent;
    this.#urgent = false;
    return calm ? this.#pace.ms(this.clock.monotonic()) : 0;
  }
}

/** A stream that its worker has made something else of holds nothing more to hear. */
function unlessUnreadable(error: unknown): [] {
  if (answerCode(error) === 'WRONGTYPE') return [];
  throw error;
}

function relayArgs({ worker, step, before }: EventsWrite) {
  const { lease, after, events, startedAt = '' } = step;
  return { worker, lease, before, after, count: events.length, events: JSON.stringify(events), startedAt };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
