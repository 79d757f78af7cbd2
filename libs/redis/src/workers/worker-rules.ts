import { reportScript } from './report.lua.js';
import type { RedisKeys } from '../keys.js';

/**
 * The permissions of a worker's account, as `ACL SETUSER` takes them: only these commands, each on the keys that it
 * needs. All of these keys are named by us, and the account can create only its stream of reports
 * and what its terminal shows.
 *
 * ioredis checks with `INFO` whether Redis has loaded its data. The only script is allowed by its hash.
 */
export function workerRules(keys: RedisKeys, worker: string): readonly string[] {
  const at = (name: string): string => keys.ticket(worker, name);
  const out = `%RW~${keys.workerOut(worker)}`;
  return [
    ...['resetkeys', 'resetchannels', '-@all', '+client|setname', '+info'],
    `(${out} +xadd +xlen +memory|usage +evalsha|${reportScript.sha})`,
    `(%R~${keys.workerControl(worker)} +xread)`,
    `(%W~${keys.workerScreen(worker)} +set)`,
    `(%RW~${at('marker')} +bzpopmin)`,
    `(%RW~${at('active')} +lindex +lrem)`,
    `(%R~${at('*')} +hget)`,
    `(%W~${at('*')} +del)`,
  ];
}
