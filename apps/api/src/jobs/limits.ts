import { usualIdleTimeoutMs, usualLoopAfter } from '@remuda/domain';

/** How large, long and many the parts of a job may be. Times in ms, sizes in bytes. */
export const limits = {
  promptBytes: 10 * 1024 * 1024,
  systemPromptBytes: 100 * 1024,
  schemaBytes: 64 * 1024,
  metadataBytes: 16 * 1024,
  labels: 32,
  toolRules: 200,
  toolRuleChars: 500,
  batchJobs: 500,
  yearMs: 365 * 86_400_000,
  dayMs: 86_400_000,
  /** Longest that a client may wait for a job in one request, in s. */
  waitS: 600,
} as const;

/** What a job gets that says nothing. */
export const defaults = {
  profile: 'default',
  priority: 5,
  timeoutMs: 30 * 60_000,
  idleTimeoutMs: usualIdleTimeoutMs,
  onLoop: 'flag',
  loopAfter: usualLoopAfter,
  attempts: 3,
} as const;
