import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { PoolBook } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import type { Queues } from '@remuda/queue';
import { poolBook, queues } from '../stores.js';
import { planBoard } from './board-plan.js';

/** Where the board is. */
export const boardPath = '/admin/queues';
/** How often the board's queues are compared with the profiles and workers that there are, in ms. */
const lookMs = 3_000;

/** Whether the board may change queues. */
export const boardWritable = Symbol('BoardWritable');

type Queue = ReturnType<Queues['worker']>;

/** BullBoard over the profiles' queues and the live workers' own; they come and go while it runs. */
@Injectable()
export class Board implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly server = new FastifyAdapter();
  private readonly board: ReturnType<typeof createBullBoard>;
  private readonly shown = new Map<string, string>();
  private looking: NodeJS.Timeout | undefined;

  constructor(
    @Inject(poolBook) private readonly pools: PoolBook,
    @Inject(queues) private readonly source: Queues,
    @Inject(boardWritable) private readonly writable: boolean,
  ) {
    this.server.setBasePath(boardPath);
    this.board = createBullBoard({
      queues: [],
      serverAdapter: this.server,
      options: {
        uiConfig: { boardTitle: 'Remuda', showWorkers: false, pollingInterval: { forceInterval: 15 } },
        handlerHooks: {
          before: ({ method }) =>
            this.writable || method.toLowerCase() === 'get'
              ? { allow: true }
              : { allow: false, status: 405, message: 'The board is read-only (REMUDA_BOARD_WRITABLE).' },
        },
      },
    });
  }

  onApplicationBootstrap(): void {
    void this.look();
    this.looking = setInterval(() => void this.look(), lookMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.looking);
  }

  /** The board's routes, for Fastify. */
  plugin(): ReturnType<FastifyAdapter['registerPlugin']> {
    return this.server.registerPlugin();
  }

  /** Shows the queues that there are now. While Redis is away it stays as it is. */
  async look(): Promise<void> {
    try {
      const [profiles, workers] = await Promise.all([this.pools.profiles(), this.pools.workers()]);
      const { show, hide } = planBoard(this.shown, profiles, workers);
      for (const queue of show) this.show(queue);
      await Promise.all(hide.map((name) => this.hide(name)));
    } catch {
      // The next look finds what this one missed.
    }
  }

  private show({ kind, of }: { readonly kind: 'profile' | 'worker'; readonly of: string }): void {
    const queue: Queue = kind === 'profile' ? this.source.jobs(of) : this.source.worker(of);
    const adapter = new BullMQAdapter(queue, { readOnlyMode: !this.writable, allowRetries: this.writable });
    // A worker's ticket holds the whole assignment: the prompt and the token for the model.
    if (kind === 'worker') adapter.setFormatter('data', withoutSecrets);
    this.board.addQueue(adapter);
    this.shown.set(`${kind}:${of}`, queue.name);
  }

  private async hide(key: string): Promise<void> {
    const name = this.shown.get(key);
    this.shown.delete(key);
    if (name === undefined) return;
    this.board.removeQueue(name);
    await this.source.release(name);
  }
}

/** What the board shows of an assignment. */
function withoutSecrets(ticket: unknown): unknown {
  if (!isRecord(ticket)) return {};
  return { job: ticket['job'], attempt: ticket['attempt'], lease: ticket['lease'] };
}
