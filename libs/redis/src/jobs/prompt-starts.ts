import { clientOf } from '../connection/redis-connection.js';
import type { Queues } from '../queue/queues.js';

/**
 * The first bytes of jobs' prompts, in order; an empty string if there is none any more. The last character may be
 * incomplete.
 */
export async function promptStarts(
  { connection, keys }: Pick<Queues, 'connection' | 'keys'>,
  jobs: readonly string[],
  bytes: number,
): Promise<readonly string[]> {
  if (jobs.length === 0) return [];
  const reads = clientOf(connection).pipeline();
  for (const job of jobs) reads.getrange(keys.prompt(job), 0, bytes - 1);
  const answers = (await reads.exec()) ?? [];
  return answers.map(([error, text]) => (error === null && typeof text === 'string' ? text : ''));
}
