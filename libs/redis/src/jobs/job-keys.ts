import type { RedisKeys } from '../keys.js';

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
  return { ...retiredKeysOf(keys, id), secrets: keys.secrets(id), cancels: keys.cancels, ends: keys.ends };
}
