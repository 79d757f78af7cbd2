import type { Halt, PoolRecord, WorkerRecord } from '@remuda/domain';
import type { Dated } from './dated.js';

/** A worker as operators see it, without internal fields. */
export type WorkerView = Dated<
  Omit<WorkerRecord, 'lease' | 'fingerprint' | 'engine' | 'bridge' | 'cordoned'>,
  'startedAt' | 'readyAt' | 'idleSince' | 'heartbeatAt' | 'drainBy'
> & {
  /** Whether it stays without getting new jobs. */
  readonly cordoned: boolean;
};

/** All workers. */
export interface WorkerListView {
  readonly workers: readonly WorkerView[];
}

/** Why a pool's jobs wait. */
export type HaltView = Dated<Omit<Halt, 'everywhere'>, 'since' | 'by'> & {
  /** Whether all profiles were paused at once. */
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
