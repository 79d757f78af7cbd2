import { isOver, type JobState } from '@remuda/domain';
import type { ChaosCluster } from './cluster.js';

/** A job for which the api said 202. */
export interface AcceptedJob {
  readonly id: string;
  /** Names the job's note and its result. */
  readonly n: number;
  /** The file in which it leaves its lines. */
  readonly note: string;
  /** Epoch ms. */
  readonly acceptedAt: number;
  /** The session whose turn it is. */
  readonly session?: string;
  /** A cancel was sent, whatever became of it. */
  cancelled?: boolean;
}

/** What was promised: every job that was accepted, and which of them are still to be over. */
export class Ledger {
  readonly accepted = new Map<string, AcceptedJob>();
  readonly #open = new Set<string>();
  /** Same id for two different jobs, which must not be. */
  clashes = 0;

  constructor(private readonly cluster: Pick<ChaosCluster, 'connection' | 'keys'>) {}

  add(job: AcceptedJob): void {
    const known = this.accepted.get(job.id);
    if (known !== undefined && known.n !== job.n) this.clashes++;
    this.accepted.set(job.id, job);
    this.#open.add(job.id);
  }

  /** The sessions that have accepted a turn. */
  get sessions(): ReadonlySet<string> {
    return new Set([...this.accepted.values()].flatMap(({ session }) => session ?? []));
  }

  get open(): number {
    return this.#open.size;
  }

  openIds(): readonly string[] {
    return [...this.#open];
  }

  /** Looks which of the open jobs are over by now. Waits while Redis is away. */
  async look(): Promise<void> {
    const { connection, keys } = this.cluster;
    const ids = this.openIds();
    const states = await Promise.all(ids.map((id) => connection.hget(keys.job(id), 'state')));
    for (const [i, state] of states.entries())
      if (state !== null && isOver(state as JobState)) this.#open.delete(ids[i] ?? '');
  }
}
