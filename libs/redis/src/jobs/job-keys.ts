import type { RedisKeys } from '../keys.js';
import { affixesOf } from '../script/script.js';

/**
 * A job's own keys that are kept for some time after its end, and the indexes of jobs that are over, by their names in
 * scripts.
 */
export function retiredKeysOf(keys: RedisKeys, id: string) {
  return {
    job: keys.job(id),
    prompt: keys.prompt(id),
    events: keys.events(id),
    result: keys.result(id),
    model: keys.model(id),
    attempts: keys.attempts(id),
    over: keys.over,
    retained: keys.retained,
  };
}

/** The same, and what goes when the job is over. */
export function endedKeysOf(keys: RedisKeys, id: string) {
  const { cancels, ends, webhooks, sessionOrigins: origins } = keys;
  return { ...retiredKeysOf(keys, id), secrets: keys.secrets(id), cancels, ends, webhooks, origins };
}

/** The parts of keys around names that are found while a job is ended: of its session, and of that one's next turn. */
export function endedArgsOf(keys: RedisKeys) {
  const [beforeSession] = affixesOf(keys.session);
  const [beforeQueue, behindQueue] = queueAffixes(keys);
  const [beforeJob] = affixesOf(keys.job);
  const [beforeFair] = affixesOf(keys.fair);
  const [beforeTenant] = affixesOf(keys.tenant);
  const turns = { beforeFair, beforeTenant, tenants: keys.tenantLines };
  return { beforeSession, beforeJob, beforeQueue, behindQueue, wakeChannel: keys.wake, ...turns };
}

/** The parts around a profile of the prefix that all keys of its queue have. */
export function queueAffixes(keys: RedisKeys): readonly [before: string, behind: string] {
  const [before = '', behind = ''] = keys.placed('\0', '').split('\0');
  return [before, behind];
}
