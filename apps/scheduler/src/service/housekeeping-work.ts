import { InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import {
  serviceQueue,
  type Housekeeping,
  type RedisConnection,
  type SessionExpiry,
  type WorkerAccess,
} from '@remuda/redis';
import type { Logger } from '@remuda/runtime';

/** Injection token of the dependencies. */
export const housekeepingParts = Symbol('HousekeepingParts');

/** Dependencies of the work. */
export interface HousekeepingParts {
  /** Waits during an outage of Redis; owned by the work. */
  readonly connection: RedisConnection;
  readonly housekeeping: Housekeeping;
  /** Absent where sessions stay until a client removes them. */
  readonly expiry: SessionExpiry | undefined;
  /** Absent if workers have no accounts of their own. */
  readonly access: WorkerAccess | undefined;
  readonly log: Logger;
}

/** The part of the queue's interface that is used here. */
interface Schedulable {
  upsertJobScheduler(id: string, repeat: { readonly every: number }, template: object): Promise<unknown>;
  on(event: 'error', listener: () => void): unknown;
  close(): Promise<void>;
}

/** Interval of searching for leftovers, in ms. */
const everyMs = 1_000;
/**
 * Interval of renewing the schedule, in ms: a schedule ends if its next job cannot be written because Redis is full.
 */
const sayEveryMs = 10_000;
/** Successful runs are not kept, of failed ones only the latest. */
const kept = { removeOnComplete: true, removeOnFail: { count: 20 } };

/**
 * Removes leftovers: of jobs without a record, of workers that are gone, and sessions that nobody uses. BullMQ schedules it, and gives each run to one
 * of all schedulers. A missed run does no harm: the next one finds everything.
 */
@Processor(serviceQueue, { runRetryDelay: everyMs })
export class HousekeepingWork extends WorkerHost implements OnApplicationBootstrap, OnApplicationShutdown {
  #saying: NodeJS.Timeout | undefined;

  constructor(
    @InjectQueue(serviceQueue) private readonly queue: Schedulable,
    @Inject(housekeepingParts) private readonly parts: HousekeepingParts,
  ) {
    super();
    // Its connection reports its own errors.
    queue.on('error', () => undefined);
  }

  onApplicationBootstrap(): void {
    void this.#say();
    this.#saying = setInterval(() => void this.#say(), sayEveryMs).unref();
  }

  override async process(): Promise<void> {
    const { access, housekeeping, expiry } = this.parts;
    await Promise.all([housekeeping.look(), expiry?.look(), access?.forgetOrphans()]);
  }

  @OnWorkerEvent('failed')
  onFailed(_job: unknown, error: Error): void {
    this.parts.log.warn({ err: error }, 'housekeeping failed, and will be tried again');
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.parts.log.debug({ err: error }, 'error in the service queue');
  }

  /** Closes the connection when running work is done. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#saying);
    await this.worker.close();
    await this.queue.close();
    this.parts.connection.close();
  }

  async #say(): Promise<void> {
    try {
      await this.queue.upsertJobScheduler('housekeeping', { every: everyMs }, { name: 'housekeeping', opts: kept });
    } catch (error) {
      this.parts.log.debug({ err: error }, 'scheduling the housekeeping failed and will be tried again');
    }
  }
}
