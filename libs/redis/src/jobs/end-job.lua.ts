import { defaultTenant } from '@remuda/domain';
import { endTurn } from '../sessions/turn-moves.lua.js';
import { retire, retiredKeys } from '../retention/over.lua.js';
import type { Fragment } from '../script/define-script.js';

/** The keys of `endJob`, by their names in a script. */
export const endedKeys = [...retiredKeys, 'secrets', 'cancels', 'ends', 'webhooks', 'origins'] as const;

/** The arguments of `endJob`, by their names in a script: the parts of keys that a session or a tenant leads to. */
export const endedArgs = [
  ...(['beforeSession', 'beforeJob', 'beforeQueue', 'behindQueue', 'wakeChannel'] as const),
  ...(['beforeFair', 'beforeTenant', 'tenants'] as const),
] as const;

/**
 * Ends that are announced at most, about. What the archive misses it finds by looking through the jobs; of webhooks that are
 * not sent, the oldest are lost.
 */
const maxEnds = 100_000;

/**
 * A job is over at `now`: data that is no longer needed is deleted, the rest expires, and its end is announced to the
 * archive, and to those who send webhooks if it has one. Where it was a session's turn, the next one begins, or with `keeps` waits for its snapshot. Its record has `overAt` already, written together with its
 * state.
 */
export const endJob: Fragment = {
  needs: [retire, endTurn],
  lua: `
local function endJob(id, now, keysEndMs, keeps)
  redis.call('DEL', secretsKey)
  redis.call('ZREM', cancelsKey, id)
  endTurn(id, now, keeps)
  retire(id, now, keysEndMs)
  redis.call('XADD', endsKey, 'MAXLEN', '~', ${String(maxEnds)}, '*', 'id', id)
  if redis.call('HEXISTS', jobKey, 'webhook') == 1 then
    redis.call('XADD', webhooksKey, 'MAXLEN', '~', ${String(maxEnds)}, '*', 'id', id)
  end
end`,
};

/** The keys of `endQueuedJob`, by their names in a script. */
export const endedQueuedKeys = [...endedKeys, 'ttl', 'unplaced'] as const;

/** The same of a job that is queued: nobody waits for it any more. */
export const endQueuedJob: Fragment = {
  needs: [endJob],
  lua: `
local function endQueuedJob(id, now, keysEndMs)
  local tenant = redis.call('HGET', jobKey, 'tenant') or '${defaultTenant}'
  redis.call('SREM', beforeTenant .. tenant .. ':waiting', id)
  redis.call('HDEL', jobKey, 'wakeAt')
  redis.call('ZREM', ttlKey, id)
  redis.call('ZREM', unplacedKey, id)
  endJob(id, now, keysEndMs)
end`,
};
