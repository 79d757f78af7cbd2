import type { Clock, ContainerRuntime, Profile } from '@remuda/domain';
import type { RedisConnection, Retention } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Registry } from 'prom-client';
import type { EnrolPlace } from './enrol/enrol-listener.js';
import type { WorkerSurroundings } from './workers/access/worker-environment.js';

/** What a scheduler is made of. */
export interface SchedulerPlan {
  /** Names this scheduler among others: `^[a-z0-9-]{1,63}$`. */
  readonly id: string;
  /** Opens a connection that waits while Redis is away. */
  readonly connect: (name: string) => RedisConnection;
  readonly namespace: string;
  readonly profiles: readonly Profile[];
  readonly runtime: ContainerRuntime;
  readonly surroundings: WorkerSurroundings;
  /** Folder of the sockets of the bridge that our workers use: theirs are awaited before they start. Absent: they use no bridge. */
  readonly bridgeSocketDir?: string;
  /** Where pods that something else made enrol. Absent: nowhere. */
  readonly enrol?: EnrolPlace;
  /** Whether each worker gets an account of its own at Redis. */
  readonly acl: boolean;
  readonly workersOnExit: 'keep' | 'remove';
  /** How long jobs that are over are kept. Default `defaultRetention`. */
  readonly retention?: Retention;
  /** Starts in a row that have to fail for a profile to be suspended; 0 for never. */
  readonly suspendAfter: number;
  /** This machine's own. */
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}
