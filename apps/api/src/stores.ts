import type { GitUrlRules } from '@remuda/domain';
import type { Admission } from '@remuda/runtime';
import type { BasePathOf } from './base-path.js';

/** What the api needs from outside, as NestJS injects it: the ports of the domain. */
export const jobStore = Symbol('JobStore');
export const eventLog = Symbol('EventLog');
export const deadLetters = Symbol('DeadLetters');
export const poolStore = Symbol('PoolStore');
export const poolControls = Symbol('PoolControls');
export const clock = Symbol('Clock');
/** The queues of profiles and workers, which come and go, on the connection of BullModule's own. */
export const queues = Symbol('Queues');
/** Resolves when Redis answers. */
export const redisPing = Symbol('RedisPing');
/** Whether the connection stands at this moment, as far as this end knows. */
export const redisIsUp = Symbol('RedisIsUp');
/** The few settings that reach into the handling of requests. */
export const apiConfig = Symbol('ApiConfig');

/** The few settings that reach into the handling of requests. */
export interface ApiConfig {
  /** Which repositories a job may name. */
  readonly git: GitUrlRules;
  /** What a proxy has before our paths. */
  readonly basePathOf: BasePathOf;
  /** Decides of every request and every WebSocket whether it may come in. */
  readonly admission: Admission;
}
