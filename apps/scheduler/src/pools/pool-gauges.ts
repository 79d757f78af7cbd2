import { Gauge, type Registry } from 'prom-client';
import { desiredWorkers, haltKinds, type PoolRecord } from '@remuda/domain';

/** One metric of a pool, by the label in addition to its profile. */
type Figures = (pool: PoolRecord) => readonly (readonly [label: string, value: number])[];

interface PoolGauge {
  readonly name: string;
  readonly help: string;
  /** Absent if a profile has only one value. */
  readonly label?: string;
  readonly of: Figures;
}

const gauges: readonly PoolGauge[] = [
  {
    name: 'remuda_workers',
    help: 'Workers by phase.',
    label: 'phase',
    of: ({ workers }) => Object.entries(workers),
  },
  {
    name: 'remuda_queue_jobs',
    help: "Jobs in a profile's queue.",
    label: 'state',
    of: ({ waiting, delayed, running }) => Object.entries({ waiting, delayed, running }),
  },
  {
    name: 'remuda_orphaned_jobs',
    help: 'Jobs that wait in the queue of a removed profile.',
    of: ({ removed, waiting, delayed }) => (removed ? [['', waiting + delayed]] : []),
  },
  {
    name: 'remuda_desired_workers',
    help: 'Workers that a profile needs: busy, waiting and warm ones, up to its maximum.',
    of: (pool) => [['', desiredWorkers(pool)]],
  },
  {
    name: 'remuda_warm_target',
    help: 'Idle workers that a profile keeps ready in addition to the busy ones.',
    of: ({ warm }) => [['', warm]],
  },
  {
    name: 'remuda_warm_hit_ratio',
    help: 'Share of recent jobs that would have found a warm worker with the target; for profiles that follow demand.',
    of: ({ demand }) => (demand ? [['', demand.hits]] : []),
  },
  {
    name: 'remuda_profile_suspended',
    help: '1 while a profile starts no jobs, because they failed to start.',
    of: ({ suspended }) => [['', Number(suspended)]],
  },
  {
    name: 'remuda_profile_halted',
    help: "1 while a profile's jobs wait: paused or drained by an operator, or suspended.",
    label: 'kind',
    of: ({ halts }) => haltKinds.map((kind) => [kind, Number(halts.some((halt) => halt.kind === kind))]),
  },
  {
    name: 'remuda_starts_held_seconds',
    help: 'Delay before a profile starts its next worker, because the last starts failed.',
    of: ({ starts }) => (starts ? [['', starts.heldMs / 1_000]] : []),
  },
  {
    name: 'remuda_starts_waiting',
    help: 'Starting workers that wait for something that may take long: a node, an image.',
    label: 'reason',
    of: ({ starts }) => (starts?.waits ?? []).map(({ reason, workers }) => [reason, workers]),
  },
  {
    name: 'remuda_starts_at_once',
    help: 'Workers that may start at the same time, by how long starts take.',
    of: ({ starts }) => (starts ? [['', starts.atOnce]] : []),
  },
  {
    name: 'remuda_start_limit_seconds',
    help: 'Start timeout of a worker.',
    of: ({ starts }) => (starts ? [['', starts.limitMs / 1_000]] : []),
  },
];

/**
 * Gauges of the pools. Each scrape reads Redis once, and all gauges show that state: those of a removed profile
 * disappear. While Redis does not answer there are none, and the other metrics remain. With several schedulers, use
 * `max by`.
 */
export function poolGauges(registry: Registry, pools: () => Promise<readonly PoolRecord[]>): void {
  const look = together(async () => pools().catch((): readonly PoolRecord[] => []));
  for (const { name, help, label, of } of gauges)
    new Gauge({
      name,
      help,
      labelNames: label === undefined ? ['profile'] : ['profile', label],
      registers: [registry],
      async collect() {
        const seen = await look();
        this.reset();
        for (const pool of seen)
          for (const [value, count] of of(pool))
            this.set({ profile: pool.profile, ...(label === undefined ? {} : { [label]: value }) }, count);
      },
    });
}

/** Shares one run among all callers while it is in progress. */
function together<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= run().finally(() => (running = undefined)));
}
