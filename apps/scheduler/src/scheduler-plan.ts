import type { Clock, ContainerRuntime, Profile, SecretDesk, TenantRules } from '@remuda/domain';
import type { RedisConnection, Retention } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Registry } from 'prom-client';
import type { EnrolPlace } from './enrol/enrol-listener.js';
import type { WorkerSurroundings } from './workers/access/worker-environment.js';

/** The parts of a scheduler. */
export interface SchedulerPlan {
  /** Name of this scheduler: `^[a-z0-9-]{1,63}$`. */
  readonly id: string;
  /** Opens a connection that waits during an outage of Redis. */
  readonly connect: (name: string) => RedisConnection;
  readonly namespace: string;
  readonly profiles: readonly Profile[];
  /** Weights and limits of tenants. Default: none. */
  readonly tenants?: TenantRules;
  readonly runtime: ContainerRuntime;
  readonly surroundings: WorkerSurroundings;
  /**
   * Folder of the sockets of our workers' bridge: they are awaited before a worker starts. Absent: workers use no
   * bridge.
   */
  readonly bridgeSocketDir?: string;
  /** Where pods that something else made enrol. Absent: nowhere. */
  readonly enrol?: EnrolPlace;
  /** Whether each worker gets its own Redis account. */
  readonly acl: boolean;
  /** Collects the secrets of jobs. Absent: no job gets any. */
  readonly secrets?: SecretDesk;
  readonly workersOnExit: 'keep' | 'remove';
  /** How long jobs that are over are kept. Default `defaultRetention`. */
  readonly retention?: Retention;
  /** Consecutive failed starts after which a profile is suspended; 0 for never. */
  readonly suspendAfter: number;
  /** For how long a session keeps its worker although jobs wait for one, in ms. Default `sessionKeepMs` of the domain. */
  readonly sessionKeepMs?: number;
  /** This machine's own. */
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}
