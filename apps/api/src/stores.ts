import type { GitUrlRules, HostRule } from '@remuda/domain';
import type { Admission } from '@remuda/runtime';
import type { BasePathOf } from './base-path.js';

/** The api's external dependencies, as NestJS injects them: the ports of the domain. */
export const jobStore = Symbol('JobStore');
export const eventLog = Symbol('EventLog');
export const deadLetters = Symbol('DeadLetters');
/** The store and its projector, or undefined. */
export const history = Symbol('History');
export const hostBridges = Symbol('HostBridges');
export const sessionStore = Symbol('SessionStore');
export const turnLog = Symbol('TurnLog');
export const poolStore = Symbol('PoolStore');
export const tenantStore = Symbol('TenantStore');
export const poolControls = Symbol('PoolControls');
export const apiKeys = Symbol('ApiKeys');
export const revocations = Symbol('Revocations');
export const tickets = Symbol('Tickets');
export const auditLog = Symbol('AuditLog');
/** Where uploads are kept. */
export const uploadRoom = Symbol('UploadRoom');
/** Where artifacts are kept. */
export const artifactRoom = Symbol('ArtifactRoom');
/** Where snapshots are. */
export const snapshotRoom = Symbol('SnapshotRoom');
export const workerScreens = Symbol('WorkerScreens');
export const webhooks = Symbol('Webhooks');
export const clock = Symbol('Clock');
/** The queues of profiles and workers, which change at run time, on BullModule's own connection. */
export const queues = Symbol('Queues');
/** Resolves when Redis answers. */
export const redisPing = Symbol('RedisPing');
/** Whether the connection is up, as far as this end knows. */
export const redisIsUp = Symbol('RedisIsUp');
/** The few settings that affect the handling of requests. */
export const apiConfig = Symbol('ApiConfig');

/** The few settings that affect the handling of requests. */
export interface ApiConfig {
  /** Which repositories a job may name. */
  readonly git: GitUrlRules;
  /** Branches that are never pushed to. */
  readonly protectedBranches: readonly string[];
  /** Hosts of the operator's to which webhooks may be sent. */
  readonly webhookHosts: readonly HostRule[];
  /** Whether secrets can be given with a job: only with a key. */
  readonly keepsSecrets: boolean;
  /** Whether there is a place for files. */
  readonly keepsFiles: boolean;
  /** The proxy's path prefix. */
  readonly basePathOf: BasePathOf;
  /** Decides about every request and every WebSocket whether it is admitted. */
  readonly admission: Admission;
}
