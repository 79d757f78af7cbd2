import { InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { serviceQueue, type Housekeeping, type RedisConnection, type WorkerAccess } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';

/** The token of what the work is done with. */
export const housekeepingParts = Symbol('HousekeepingParts');

/** What the work is done with. */
export interface HousekeepingParts {
  /** Waits while Redis is away; belongs to the work. */
  readonly connection: RedisConnection;
  readonly housekeeping: Housekeeping;
  /** Absent where workers have no accounts of their own. */
  readonly access: WorkerAccess | undefined;
  readonly log: Logger;
}

/** As much of the queue as is needed here. */
interface Schedulable {
  upsertJobScheduler(id: string, repeat: { readonly every: number }, template: object): Promise<unknown>;
  on(event: 'error', listener: () => void): unknown;
  close(): Promise<void>;
}

/** How often it is looked for what was left behind, in ms. */
const everyMs = 1_000;
/** How often it is said that this is to be done, in ms: a schedule ends where its next job can't be written, since Redis is full. */
const sayEveryMs = 10_000;
/** Of what went well nothing is kept, of what failed the latest. */
const kept = { removeOnComplete: true, removeOnFail: { count: 20 } };

/**
 * Removes what was left behind: of jobs without a record, of workers that are gone. BullMQ says when, and gives each look to one scheduler of all. A time
 * that is missed costs nothing: the next look finds what there is.
 */
@Processor(serviceQueue, { runRetryDelay: everyMs })
export class HousekeepingWork extends WorkerHost implements OnApplicationBootstrap, OnApplicationShutdown {
  #saying: NodeJS.Timeout | undefined;

  constructor(
    @InjectQueue(serviceQueue) private readonly queue: Schedulable,
    @Inject(housekeepingParts) private readonly parts: HousekeepingParts,
  ) {
    super();
    // Its connection says by itself what it meets.
    queue.on('error', () => undefined);
  }

  onApplicationBootstrap(): void {
    void this.#say();
    this.#saying = setInterval(() => void this.#say(), sayEveryMs).unref();
  }

  override async process(): Promise<void> {
    const { access, housekeeping } = this.parts;
    await Promise.all([housekeeping.look(), access?.forgetOrphans()]);
  }

  @OnWorkerEvent('failed')
  onFailed(_job: unknown, error: Error): void {
    this.parts.log.warn({ err: error }, 'housekeeping failed, and will be tried again');
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.parts.log.debug({ err: error }, 'error in the service queue');
  }

  /** Lets go of Redis when what is under way is done. */
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
