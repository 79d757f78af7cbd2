import type { Usage } from '@remuda/domain';

/** Usage of the model by jobs. Calls for one job take effect in order. */
export interface ModelCounts {
  /** A request was sent to the model at `at` (epoch ms); the first of an attempt is recorded. */
  requested(job: string, at: number): Promise<void>;
  /** A request was refused. */
  refused(job: string): Promise<void>;
  /** The model's first token arrived at `at` (epoch ms); the first of an attempt is recorded. */
  answered(job: string, at: number): Promise<void>;
  /** The model refused a request because the account's usage limit is reached, until `resetAt` (epoch ms). */
  limited(job: string, resetAt: number): Promise<void>;
  /** Adds tokens and their estimated price in micro-dollars. */
  used(job: string, usage: Usage, costMicroUsd: number): Promise<void>;
}
