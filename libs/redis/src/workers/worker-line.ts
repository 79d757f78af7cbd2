import type { Redis } from 'ioredis';
import type { NewEvent, WorkerScreen } from '@remuda/domain';
import {
  decodeControl,
  encodeReport,
  encodeScreen,
  joinReports,
  screenKeptMs,
  type WorkerDuties,
  type WorkerLine,
  type WorkerReport,
} from '@remuda/protocol';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { AssignmentQueue } from './assignment-queue.js';
import { isBusy, isFull, isOutage } from '../connection/redis-error.js';
import { PassedOver, passOver } from '../connection/queue-log.js';
import { maxOutEntries, reportScript } from './report.lua.js';
import { Pace } from '../events/pace.js';
import { StreamTail } from '../events/stream-tail.js';

/** Maximum time that the report of an attempt's start waits for the first events, in ms. */
const startMs = 50;
/**
 * Events are sent at once, and together where a write is under way. A worker with many lets them wait in addition: none
 * up to 100 a second, which is more than a model says, 40 ms from 200 on. Redis' time depends on the number of batches,
 * not on their size.
 */
const sendPace = { calmPerSecond: 100, busyPerSecond: 200, maxMs: 40 };
/** A batch of about this size is sent at once. */
const maxBatchBytes = 256 * 1024;
/**
 * An entry of about this size is sent at once: far below the reader's limit, since one may contain an outcome with a
 * patch.
 */
const maxEntryLength = 1024 * 1024;
/** Delay before a failed step is retried. */
const retryMs = 200;

interface Batch {
  readonly job: string;
  readonly lease: number;
  readonly events: NewEvent[];
  /** The attempt was taken then, and that is not reported yet. */
  readonly startedAt?: number;
  heartbeat?: WorkerReport;
  bytes: number;
  /** Whether it has an event that should not wait. */
  isUrgent: boolean;
}

/**
 * A worker's connection to its scheduler over Redis: assignments come from its own queue, one at a time, control
 * messages from its control stream at any time, and all reports go to its own stream. It needs no keys but its own.
 */
export class RedisWorkerLine implements WorkerLine {
  readonly #redis: Redis;
  readonly #failed: PassedOver;
  readonly #control: StreamTail;
  readonly #assignments: AssignmentQueue;
  #batch: Batch | undefined;
  /** Ends the batch that has an attempt's start. */
  #startTimer: NodeJS.Timeout | undefined;
  /** The pause after a batch; what is told meanwhile waits. */
  #rest: NodeJS.Timeout | undefined;
  /** The batch ends with this turn of the event loop. */
  #ending: NodeJS.Immediate | undefined;
  readonly #pace = new Pace(sendPace);
  #waitMs = 0;
  /** Entries that have not arrived yet. */
  #writes = 0;
  /** Reports of one turn of the event loop are sent in one entry. */
  #outbox: string[] = [];
  #outboxLength = 0;
  #entries = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(
    connect: () => RedisConnection,
    private readonly keys: RedisKeys,
    private readonly worker: string,
  ) {
    const open = (): Redis => clientOf(connect());
    this.#redis = open();
    this.#failed = new PassedOver(this.#redis, 'sending a report failed and will be tried again');
    this.#control = new StreamTail(open);
    this.#assignments = new AssignmentQueue(this.#redis, keys, worker);
  }

  /** Rejects if Redis refuses us: wrong password, or a missing permission. Waits while it is busy. */
  async probe(): Promise<void> {
    for (;;) {
      try {
        await this.#redis.info('server');
        await this.#redis.xlen(this.keys.workerOut(this.worker));
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        await pause(retryMs);
      }
    }
  }

  /** Starts receiving assignments and control messages. */
  open(duties: WorkerDuties): void {
    this.#control.add(this.keys.workerControl(this.worker), '0-0', (entries) => {
      for (const [, fields] of entries) {
        const control = decodeControl(fields[1] ?? '');
        if (control) duties.onControl(control);
      }
    });
    void this.#assignments.run(duties);
  }

  /** Takes no more assignments; resolves when the current one is finished. */
  async stopTaking(): Promise<void> {
    await this.#assignments.stop();
  }

  /**
   * Sends a report after all earlier ones. Never rejects; reports are buffered during an outage. A heartbeat is sent
   * with waiting events, if any: it does not depend on them.
   */
  say(report: WorkerReport): Promise<void> {
    if (report.kind === 'heartbeat' && this.#batch) {
      this.#batch.heartbeat = report;
      return Promise.resolve();
    }
    this.#endBatch();
    return this.#put(report);
  }

  /**
   * Reports an event of a job: at once, with all others of this turn of the event loop, or after the write that is under
   * way. `now` is of the monotonic clock.
   */
  tell(job: string, lease: number, event: NewEvent, now: number): void {
    if (this.#batch && (this.#batch.job !== job || this.#batch.lease !== lease)) this.#endBatch();
    this.#batch ??= { job, lease, events: [], bytes: 0, isUrgent: false };
    this.#batch.events.push(event);
    this.#batch.bytes += roughSize(event);
    this.#pace.count(1, now);
    this.#waitMs = this.#pace.ms(now);
    // That one comes right before the agent's first request, which should have the CPU.
    if (event.type !== 'session.started') this.#batch.isUrgent = true;
    if (this.#batch.bytes >= maxBatchBytes) this.#endBatch();
    else if (this.#batch.isUrgent) this.#endSoon();
    else this.#endLater();
  }

  /**
   * Reports that an attempt was taken, with its first events: an immediate report would make its readers compete for
   * the CPU with the agent, who is sending its first request.
   */
  sayStarted(report: Extract<WorkerReport, { kind: 'started' }>): void {
    this.#endBatch();
    this.#batch = { job: report.job, lease: report.lease, events: [], bytes: 0, isUrgent: false, startedAt: report.at };
    this.#endLater();
  }

  #endLater(): void {
    this.#startTimer ??= setTimeout(() => {
      this.#endBatch();
    }, startMs);
  }

  #endSoon(): void {
    if (this.#batch?.isUrgent !== true || this.#writes > 0 || this.#rest !== undefined) return;
    this.#ending ??= setImmediate(() => {
      this.#endBatch();
      this.#flush();
    });
  }

  /** Forgotten soon: nothing is kept of an outage. */
  async show(screen: WorkerScreen): Promise<void> {
    const key = this.keys.workerScreen(this.worker);
    await this.#redis.set(key, encodeScreen(screen), 'PX', screenKeptMs).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#endBatch();
    clearTimeout(this.#rest);
    this.#flush();
    await this.#last;
    this.#assignments.close();
    await this.#control.close();
    this.#redis.disconnect();
  }

  #endBatch(): void {
    clearTimeout(this.#startTimer);
    clearImmediate(this.#ending);
    this.#startTimer = undefined;
    this.#ending = undefined;
    const batch = this.#batch;
    this.#batch = undefined;
    if (!batch) return;
    const { job, lease, events, startedAt, heartbeat } = batch;
    if (this.#waitMs > 0 && events.length > 0)
      this.#rest ??= setTimeout(() => {
        this.#rest = undefined;
        this.#endSoon();
      }, this.#waitMs);
    if (heartbeat) void this.#put(heartbeat);
    if (startedAt !== undefined) void this.#put({ kind: 'started', job, lease, at: startedAt });
    if (events.length > 0) void this.#put({ kind: 'events', job, lease, events });
  }

  #put(report: WorkerReport): Promise<void> {
    const text = encodeReport(report);
    if (this.#outboxLength > 0 && this.#outboxLength + text.length > maxEntryLength) this.#flush();
    if (this.#outboxLength === 0) setImmediate(() => this.#flush());
    this.#outbox.push(text);
    this.#outboxLength += text.length;
    // The rest of the outbox is sent with the next flush, in order.
    return turnOver().then(() => this.#last);
  }

  #flush(): void {
    if (this.#outboxLength === 0) return;
    const entry = `${String(++this.#entries)}-0`;
    const text = joinReports(this.#outbox);
    this.#outbox = [];
    this.#outboxLength = 0;
    this.#writes++;
    this.#last = this.#last
      .then(() => this.#add(entry, text))
      .then(() => {
        this.#writes--;
        this.#endSoon();
      });
  }

  /**
   * Our own entry ids make resending idempotent: Redis refuses an entry that it already has. It would also refuse one
   * that was overtaken by a later one while it waited to be resent: each is sent when the previous one has arrived.
   */
  async #add(entry: string, text: string): Promise<void> {
    for (;;) {
      try {
        await this.#addOnce(entry, text);
        this.#failed.wentWell();
        return;
      } catch (error) {
        // A duplicate had already arrived: the answer to the first was lost.
        if (isDouble(error)) return;
        if (!isOutage(error) && !isFull(error)) {
          passOver(this.#redis, 'a report was refused by Redis and is dropped', { entry })(error);
          return;
        }
        this.#failed.say(error);
        await pause(retryMs);
      }
    }
  }

  /**
   * If Redis is full, with the script that may exceed the limit a little; what is too large for it waits until the
   * relay has read.
   */
  async #addOnce(entry: string, text: string): Promise<void> {
    const key = this.keys.workerOut(this.worker);
    try {
      await this.#redis.xadd(key, 'MAXLEN', '~', maxOutEntries, entry, 'd', text);
    } catch (error) {
      if (!isFull(error)) throw error;
      await reportScript.run(this.#redis, { keys: { out: key }, args: { entry, reports: text } });
    }
  }
}

/** Whether Redis already has an entry of this number, or a later one. */
const isDouble = (error: unknown): boolean => error instanceof Error && error.message.includes('equal or smaller than');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const turnOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function roughSize(event: NewEvent): number {
  const data: unknown = event.data;
  const text = (data as { text?: string; output?: string }).text ?? (data as { output?: string }).output;
  return 200 + (text?.length ?? 0);
}
