import type { JobHash } from '../jobs/job-hash.js';
import { modelCount } from '@remuda/protocol';
import type { Spent } from '@remuda/domain';

/** Fields of a job's model counts with its usage and cost. */
export const spentFields = [
  modelCount.inputTokens,
  modelCount.outputTokens,
  modelCount.cacheReadTokens,
  modelCount.cacheWriteTokens,
  modelCount.costMicroUsd,
] as const;

/** The field with the value of one of these when the latest attempt began. */
export const beforeField = (field: string): string => `${beforeMark}${field}`;

/** Prefix of such a field's name. */
export const beforeMark = 'before:';

/** What a job has spent, over all attempts, as counted by the bridge; undefined if it counted no request. */
export function spentOf(counts: JobHash): Spent | undefined {
  if (Number(counts[modelCount.requests] ?? 0) === 0) return undefined;
  const count = (field: string): number => Number(counts[field] ?? 0);
  return {
    usage: {
      inputTokens: count(modelCount.inputTokens),
      outputTokens: count(modelCount.outputTokens),
      cacheReadTokens: count(modelCount.cacheReadTokens),
      cacheWriteTokens: count(modelCount.cacheWriteTokens),
    },
    costUsd: count(modelCount.costMicroUsd) / 1_000_000,
  };
}
