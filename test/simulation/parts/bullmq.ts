import type { SimulatedConnection } from '../redis/connection.js';
import { lockShare } from '../redis/database.js';

/*
 * What stands for the package `bullmq` in a simulation, by its own names: as much of it as libs/redis uses. Its steps are
 * carried out in the simulated Redis (redis/bull-commands.ts).
 */

interface QueueOptions {
  readonly connection: unknown;
  readonly prefix: string;
}

interface JobOptions {
  readonly jobId: string;
  readonly priority?: number;
  readonly delay?: number;
  readonly timestamp?: number;
}

abstract class Opened {
  readonly connection: SimulatedConnection;
  readonly key: string;

  constructor(name: string, options: QueueOptions) {
    this.connection = options.connection as SimulatedConnection;
    this.key = `${options.prefix}:${name}`;
  }

  toKey(type: string): string {
    return `${this.key}:${type}`;
  }

  on(): this {
    return this;
  }

  waitUntilReady(): Promise<void> {
    return Promise.resolve();
  }
}

export class Queue extends Opened {
  async add(_name: string, data: unknown, options: JobOptions): Promise<void> {
    await this.connection.send('bull.add', this.#addition(data, options));
  }

  async addBulk(entries: readonly { readonly data: unknown; readonly opts: JobOptions }[]): Promise<void> {
    const all = entries.map(({ data, opts }) => ['bull.add', this.#addition(data, opts)]);
    await this.connection.send('multi', all as unknown as string[]);
  }

  remove(id: string): Promise<unknown> {
    return this.connection.send('bull.remove', [this.key, id]);
  }

  async getJobCounts(): Promise<Record<string, number>> {
    const counts = (await this.connection.send('bull.counts', [this.key])) as number[];
    return Object.fromEntries(['wait', 'prioritized', 'active', 'delayed'].map((name, i) => [name, counts[i] ?? 0]));
  }

  obliterate(): Promise<unknown> {
    return this.connection.send('bull.obliterate', [this.key]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #addition(
    data: unknown,
    { jobId, priority = 0, delay = 0, timestamp = Date.now() }: JobOptions,
  ): (string | number)[] {
    return [this.key, jobId, priority, delay, timestamp, JSON.stringify(data)];
  }
}

/** A BullMQ job, as far as it's moved about here. */
export class Job {
  constructor(
    private readonly queue: Opened,
    readonly name: string,
    readonly data: unknown,
    _options: unknown,
    public id: string,
  ) {}

  moveToCompleted(_value: unknown, lock: string): Promise<unknown> {
    return this.#move('bull.finish', lock);
  }

  moveToFailed(_error: Error, lock: string): Promise<unknown> {
    return this.moveToCompleted(null, lock);
  }

  moveToWait(lock: string): Promise<unknown> {
    return this.#move('bull.toWait', lock);
  }

  #move(step: string, lock: string): Promise<unknown> {
    return this.queue.connection.send(step, [this.queue.key, this.id, lock]);
  }
}

interface WorkerOptions extends QueueOptions {
  readonly stalledInterval?: number;
}

/** BullMQ's consumer, as far as it looks after what was claimed. */
export class Worker extends Opened {
  readonly #options: WorkerOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, _processor: null, options: WorkerOptions) {
    super(name, options);
    this.#options = options;
  }

  async extendJobLocks(ids: readonly string[], locks: readonly string[], ms: number): Promise<readonly string[]> {
    const held = ids.flatMap((id, i) => [id, locks[i] ?? '']);
    return (await this.connection.send('bull.extend', [this.key, Math.round(ms * lockShare), ...held])) as string[];
  }

  async startStalledCheckTimer(): Promise<void> {
    const everyMs = Math.round((this.#options.stalledInterval ?? 30_000) * lockShare);
    const check = (): Promise<unknown> => this.connection.send('bull.stalled', [this.key, everyMs]);
    this.#timer = setInterval(() => void check().catch(() => undefined), everyMs);
    await check();
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    return Promise.resolve();
  }
}

export class UnrecoverableError extends Error {}

export const ErrorCode = { JobNotExist: -1, JobLockNotExist: -2, JobNotInState: -3, JobLockMismatch: -6 };
