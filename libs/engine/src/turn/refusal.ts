import type { Failure, Turn } from '@remuda/domain';
import { reservedNames } from '../process/environment.js';

/** Why no engine carries out a turn; undefined if it may. */
export function refusalOf(turn: Pick<Turn, 'env'>): Failure | undefined {
  const names = reservedNames(turn.env);
  if (names.length === 0) return undefined;
  return { code: 'job.impossible', message: `A job may not set ${names.join(', ')} in its environment.` };
}
