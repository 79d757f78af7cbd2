import { reportScript } from './report.lua.js';
import type { RedisKeys } from '../keys.js';

/**
 * What a worker's account may do, as `ACL SETUSER` takes it: nothing but these commands, each on the keys that it is for. All of
 * these keys are named by us, and the only one that the account can make is the worker's stream of reports.
 *
 * ioredis asks by `INFO` whether Redis has read its data. Of scripts there is one, by its hash.
 */
export function workerRules(keys: RedisKeys, worker: string): readonly string[] {
  const at = (name: string): string => keys.ticket(worker, name);
  const out = `%RW~${keys.workerOut(worker)}`;
  return [
    ...['resetkeys', 'resetchannels', '-@all', '+client|setname', '+info'],
    `(${out} +xadd +xlen +memory|usage +evalsha|${reportScript.sha})`,
    `(%R~${keys.workerControl(worker)} +xread)`,
    `(%RW~${at('marker')} +bzpopmin)`,
    `(%RW~${at('active')} +lindex +lrem)`,
    `(%R~${at('*')} +hget)`,
    `(%W~${at('*')} +del)`,
  ];
}
