import { setTimeout as sleep } from 'node:timers/promises';
import { RemudaClient } from '@remuda/client';
import { isOver, type JobEvent } from '@remuda/domain';
import type { HaltView, JobRequest, JobResultView, JobView, PoolView, WorkerView } from '@remuda/protocol';

const tellEveryMs = 10_000;
/** For how long the api may be away while events are awaited: whoever waits here has started it, and sees it go. */
const giveUpMs = 10_000;

/** State of a pool for a person who waits for it: its halts, otherwise the phases of its workers. */
export function poolStanding(
  pool: (Pick<PoolView, 'workers'> & { readonly halts: readonly Pick<HaltView, 'kind' | 'reason'>[] }) | undefined,
): string {
  if (pool === undefined) return 'the scheduler has not started';
  const halts = pool.halts.map(({ kind, reason }) => `${kind}: ${reason}`);
  const workers = Object.entries(pool.workers).filter(([phase, count]) => phase !== 'gone' && count > 0);
  const phases = workers.map(([phase, count]) => `${count} ${phase}`);
  return [...halts, phases.length === 0 ? 'no worker yet' : `workers: ${phases.join(', ')}`].join('; ');
}

/**
 * The client of the demo and the tests: that of everybody, with the words that they wait by, and our own types for its
 * answers. Rejects as that one does.
 */
export class ApiClient {
  readonly remuda: RemudaClient;

  constructor(readonly url: string) {
    this.remuda = new RemudaClient({ url });
  }

  /** Submits a job and returns its id. */
  async submit(job: JobRequest): Promise<string> {
    return (await this.remuda.submit(job as Parameters<RemudaClient['submit']>[0])).id;
  }

  async job(id: string): Promise<JobView> {
    return await this.remuda.job(id);
  }

  async result(id: string): Promise<JobResultView> {
    return await this.remuda.result(id);
  }

  async workers(): Promise<readonly WorkerView[]> {
    return await this.remuda.workers();
  }

  async cancel(id: string): Promise<void> {
    await this.remuda.cancel(id);
  }

  /** Every event of a job above `after`, live, until the job is over for the first time; a broken stream is resumed. */
  async *events(id: string, after = 0): AsyncGenerator<JobEvent> {
    for await (const event of this.remuda.follow(id, { after, giveUpMs })) {
      yield event;
      if (event.type === 'job.over') return;
    }
  }

  /**
   * Waits until a pool has idle workers; false if the signal aborts first. Reports the state of the pool every 10 s.
   */
  async warm(
    profile: string,
    workers: number,
    signal: AbortSignal,
    tell: (standing: string) => void = () => undefined,
  ): Promise<boolean> {
    const began = performance.now();
    let told = began;
    while (!signal.aborted) {
      const pools = (await this.remuda.pools()) as unknown as readonly PoolView[];
      const pool = pools.find((one) => one.profile === profile);
      if ((pool?.workers.idle ?? 0) >= workers) return true;
      const now = performance.now();
      if (now - told >= tellEveryMs) {
        told = now;
        tell(`${poolStanding(pool)}, ${((now - began) / 1_000).toFixed(0)} s so far`);
      }
      await sleep(100);
    }
    return false;
  }

  /** Waits until a job is over and returns its view in the API. */
  async over(id: string): Promise<JobView> {
    for await (const event of this.events(id)) if (event.type === 'job.over') break;
    const job = await this.job(id);
    if (!isOver(job.state)) throw new Error(`${id} was reported as over, but is ${job.state}`);
    return job;
  }
}
