import type { WorkerRecord } from '@remuda/domain';
import type { FaultScene } from './fault-scene.js';
import { isThere } from './processes.js';

/** What a fault hit: the job, where it hit one. */
export interface Hit {
  readonly job?: string;
}

/** Makes a fault; undefined where there is nothing to hit. `later` takes what must have ended before the run may settle. */
export type Act = (scene: FaultScene, later: (what: Promise<unknown>) => void) => Promise<Hit | undefined>;

/** Does something to a worker, preferably to a busy one. `act` gives false where it has nothing to hit. */
export async function onWorker(
  { cluster, random }: FaultScene,
  act: (worker: WorkerRecord) => unknown,
): Promise<Hit | undefined> {
  const workers = (await cluster.pools.workers()).filter((worker) => worker.phase !== 'gone');
  const busy = workers.filter((worker) => worker.phase === 'busy');
  const worker = random.pick(busy.length > 0 && random.next() < 0.8 ? busy : workers);
  if (!worker || !(await isThere(cluster.workers, worker.id))) return undefined;
  if ((await act(worker)) === false) return undefined;
  return worker.job === undefined ? {} : { job: worker.job };
}
