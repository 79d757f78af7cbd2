import type { Usage } from '@remuda/domain';

/** What jobs have asked of the model. Calls for one job take effect in the order in which they were made. */
export interface ModelCounts {
  /** A request goes to the model at `at` (epoch ms); the first of an attempt is remembered. */
  requested(job: string, at: number): Promise<void>;
  /** A request was refused. */
  refused(job: string): Promise<void>;
  /** The model's first token came at `at` (epoch ms); the first of an attempt is remembered. */
  answered(job: string, at: number): Promise<void>;
  /** The model refused a request because the account's usage limit is reached, until `resetAt` (epoch ms). */
  limited(job: string, resetAt: number): Promise<void>;
  /** Adds tokens and their estimated price in micro-dollars. */
  used(job: string, usage: Usage, costMicroUsd: number): Promise<void>;
}
