import type { EngineKind, Halt, PoolRecord, WorkerRecord } from '@remuda/domain';
import type { Dated } from './dated.js';

/** A worker as operators see it, without internal fields. */
export type WorkerView = Dated<
  Omit<WorkerRecord, 'lease' | 'fingerprint' | 'engine' | 'engineKind' | 'bridge' | 'cordoned'>,
  'startedAt' | 'readyAt' | 'idleSince' | 'heartbeatAt' | 'drainBy'
> & {
  /** Whether it stays without getting new jobs. */
  readonly cordoned: boolean;
  /** How its Claude Code is driven; absent if an earlier release started it. */
  readonly engine?: EngineKind;
};

/** The screen of a worker's terminal. */
export interface ScreenView {
  readonly worker: string;
  readonly at: string;
  readonly text: string;
}

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
