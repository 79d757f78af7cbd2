import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { PoolStore } from '@remuda/domain';
import { serviceQueue, type Queues } from '@remuda/redis';
import type { BasePathOf } from '../base-path.js';
import { poolStore, queues } from '../stores.js';
import { planBoard } from './board-plan.js';
import { ProfileAdapter } from './profile-adapter.js';
import { WorkerAdapter } from './worker-adapter.js';

/** Path of the board. */
export const boardPath = '/admin/queues';
/** How often the board's queues are compared with the current profiles and workers, in ms. */
const lookMs = 3_000;

/** Options of the board. */
export interface BoardOptions {
  /** Whether it may change queues. */
  readonly writable: boolean;
  /** Whether job titles show the first words of the prompt. */
  readonly showsPrompts: boolean;
  /** The proxy's path prefix. */
  readonly basePathOf: BasePathOf;
}

/** Injection token of the board's options. */
export const boardOptions = Symbol('BoardOptions');

/** BullBoard over the service queue and the queues of profiles and live workers, which change at run time. */
@Injectable()
export class Board implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly server = new FastifyAdapter();
  private readonly board: ReturnType<typeof createBullBoard>;
  private readonly shown = new Map<string, string>();
  private looking: NodeJS.Timeout | undefined;

  constructor(
    @Inject(poolStore) private readonly pools: PoolStore,
    @Inject(queues) private readonly source: Queues,
    @InjectQueue(serviceQueue) private readonly service: ConstructorParameters<typeof BullMQAdapter>[0],
    @Inject(boardOptions) private readonly options: BoardOptions,
  ) {
    // Its connection reports its own errors.
    this.service.on('error', () => undefined);
    this.server.setBasePath(boardPath);
    this.board = createBullBoard({
      queues: [],
      serverAdapter: this.server,
      options: {
        uiConfig: {
          boardTitle: 'Remuda',
          showWorkers: false,
          pollingInterval: { forceInterval: 15 },
          miscLinks,
        },
        handlerHooks: {
          before: ({ method }) =>
            options.writable || method.toLowerCase() === 'get'
              ? { allow: true }
              : { allow: false, status: 405, message: 'The board is read-only (REMUDA_BOARD_WRITABLE).' },
        },
      },
    });
  }

  onApplicationBootstrap(): void {
    this.board.addQueue(new BullMQAdapter(this.service, { ...this.how(), description: serviceDescription }));
    void this.look();
    this.looking = setInterval(() => void this.look(), lookMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.looking);
  }

  /** The board's routes, for Fastify. */
  plugin(): ReturnType<FastifyAdapter['registerPlugin']> {
    return (server, options, done) => {
      server.addHook('onSend', (request, _reply, payload, sent) => {
        const isPage = typeof payload === 'string' && payload.startsWith('<!DOCTYPE html>');
        sent(null, isPage ? payload.replace(base, baseAt(this.options.basePathOf(request.headers))) : payload);
      });
      this.server.registerPlugin()(server, options, done);
    };
  }

  /** Shows the current queues. During an outage of Redis nothing changes. */
  async look(): Promise<void> {
    try {
      const [pools, workers] = await Promise.all([this.pools.pools(), this.pools.workers()]);
      const { show, hide } = planBoard(
        this.shown,
        pools.map(({ profile }) => profile),
        workers,
      );
      for (const queue of show) this.show(queue);
      await Promise.all(hide.map((name) => this.hide(name)));
    } catch {
      // The next comparison catches up.
    }
  }

  private show({ kind, of }: { readonly kind: 'profile' | 'worker'; readonly of: string }): void {
    const { showsPrompts } = this.options;
    const how = this.how();
    const adapter =
      kind === 'profile'
        ? new ProfileAdapter(this.source, of, showsPrompts, how)
        : new WorkerAdapter(this.source, of, how);
    this.board.addQueue(adapter);
    this.shown.set(`${kind}:${of}`, adapter.getName());
  }

  private how() {
    const { writable } = this.options;
    return { readOnlyMode: !writable, allowRetries: writable, delimiter: '.' };
  }

  private async hide(key: string): Promise<void> {
    const name = this.shown.get(key);
    this.shown.delete(key);
    if (name === undefined) return;
    this.board.removeQueue(name);
    await this.source.release(name);
  }
}

const serviceDescription = "The cluster's own work: deleting records that are no longer kept.";

/** The page finds its assets relative to this: BullBoard knows one path for all requests. */
const baseAt = (basePath: string): string => `<base href="${basePath}${boardPath}/"`;
const base = baseAt('');

/** Jobs that BullMQ does not know: cancelled ones leave its queues. Relative to the board's own path. */
const miscLinks = [
  { text: 'Cancelled jobs', url: '../../api/v1/jobs?state=cancelled' },
  { text: 'API', url: '../../api/docs' },
];
