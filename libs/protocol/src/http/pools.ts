import type { Halt, PoolRecord, WorkerRecord } from '@remuda/domain';
import type { Dated } from './dated.js';

/** A worker as operators see it. What only the cluster needs stays inside. */
export type WorkerView = Dated<
  Omit<WorkerRecord, 'lease' | 'fingerprint' | 'engine' | 'bridge' | 'cordoned'>,
  'startedAt' | 'readyAt' | 'idleSince' | 'heartbeatAt' | 'drainBy'
> & {
  /** It is given no job, and stays. */
  readonly cordoned: boolean;
};

/** All workers. */
export interface WorkerListView {
  readonly workers: readonly WorkerView[];
}

/** What keeps a pool's jobs waiting. */
export type HaltView = Dated<Omit<Halt, 'everywhere'>, 'since' | 'by'> & {
  /** All profiles were paused at once. */
  readonly everywhere: boolean;
};

/** A pool as operators see it. */
export type PoolView = Omit<PoolRecord, 'removed' | 'halts'> & {
  readonly removed: boolean;
  readonly halts: readonly HaltView[];
};

/** All pools. */
export interface PoolListView {
  readonly pools: readonly PoolView[];
}
