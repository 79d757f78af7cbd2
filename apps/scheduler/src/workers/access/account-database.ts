import { RemudaError } from '@remuda/domain';
import { parseRedisUrl } from '@remuda/redis';

/**
 * Refuses with `config.invalid` workers' accounts if the jobs are in a database other than 0: Redis cannot restrict an
 * account to a database, so one that may select a database could leave keys in any.
 */
export function requireFirstDatabase(acl: 'on' | 'off', redisUrl: string): void {
  const { db } = parseRedisUrl(redisUrl);
  if (acl === 'off' || db === 0) return;
  const message = `database ${String(db)} cannot be combined with an account for each worker: expected database 0 (REMUDA_NAMESPACE keeps clusters apart), or REMUDA_REDIS_ACL=off`;
  throw new RemudaError('config.invalid', 'Accounts for workers need database 0.', {
    faults: [{ path: 'REMUDA_REDIS_URL', message }],
  });
}
