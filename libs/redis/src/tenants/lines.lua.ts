import { defaultTenant, firstPrice, priceGain, secondsPerUsd } from '@remuda/domain';
import type { Fragment } from '../script/define-script.js';

/*
 * The fair turns of tenants at a profile's workers, as `fair-turns.ts` of the domain has them; a test compares the two.
 *
 * All places of a profile are in one queue of BullMQ. A tenant's line is a range of BullMQ's priorities: `line * 16`
 * and the job's own priority. So all of BullMQ's steps work on a tenant's place as on any other, and the first place
 * of a tenant is found in logarithmic time. The line of the tenant `default` is 0: its places are as without tenants.
 */

/** Priorities of BullMQ that a line has; those of jobs are 1 to 10. */
export const prioritiesPerLine = 16;

/** BullMQ's priorities end at 2^21. Tenants beyond so many lines share the one of the tenant `default`. */
const mostLines = 2 ** 21 / prioritiesPerLine - 1;

/** Scores of BullMQ that a line has. */
const scoresPerLine = prioritiesPerLine * 2 ** 32;

/** The lowest score of the line to which a score of BullMQ belongs. */
export const firstScoreOf = (score: number): number => Math.floor(score / scoresPerLine) * scoresPerLine;

/** Empty lines that one claim passes over at most. */
const mostEmpty = 1_000;

/** A rule of a tenant, or of all others; `false` or `nil` if there is none. `rules` is the key of the rules. */
export const ruleOfTenant: Fragment = {
  lua: `
local function ruleOf(rules, tenant, name)
  local rule = redis.call('HMGET', rules, tenant .. ':' .. name, '*:' .. name)
  return rule[1] or rule[2]
end`,
};

/** A tenant's line, which it gets with its first job. `tenants` is the key of the lines, and begins that of the names. */
export const lineOfTenant: Fragment = {
  lua: `
local function lineOf(tenants, tenant)
  if tenant == '' or tenant == '${defaultTenant}' then return 0 end
  local line = tonumber(redis.call('HGET', tenants, tenant) or nil)
  if line then return line end
  line = redis.call('HLEN', tenants) + 1
  if line > ${String(mostLines)} then line = 0 end
  redis.call('HSET', tenants, tenant, line)
  if line > 0 then redis.call('HSET', tenants .. ':names', line, tenant) end
  return line
end`,
};

/** BullMQ's priority of a job in a tenant's line. */
export const rankInLine: Fragment = {
  lua: `local function rankIn(line, priority) return line * ${String(prioritiesPerLine)} + priority end`,
};

/** The line to which a priority of BullMQ belongs. */
export const lineOfRank: Fragment = {
  lua: `local function lineOfRank(rank) return math.floor(rank / ${String(prioritiesPerLine)}) end`,
};

/**
 * A job of this line begins to wait: the line takes turns. Does nothing while no tenant but `default` has had a job of
 * the profile: then there are no turns, and nothing to be paid for. \`fair\` is the key of the profile's lines,
 * \`tenants\` that of all lines.
 */
export const enterLine: Fragment = {
  needs: [ruleOfTenant],
  lua: `
local function openLine(fair, tenants, line, tenant)
  if redis.call('ZSCORE', fair, line) then return end
  if redis.call('SISMEMBER', fair .. ':parked', line) == 1 then return end -- rule: parked
  if line == 0 then tenant = '${defaultTenant}' end
  local known = redis.call('HMGET', fair .. ':prices', 'round', line)
  local account, owed = tonumber(known[1] or 0), tonumber(redis.call('ZSCORE', fair .. ':left', line) or 0)
  if owed > account then account = owed end -- rule: owed
  redis.call('ZREM', fair .. ':left', line)
  redis.call('ZADD', fair, account, line)
  if not known[1] then redis.call('HSET', fair .. ':prices', 'round', 0) end
  if not known[2] then
    redis.call('HSET', fair .. ':prices', line, ${String(firstPrice)} / (ruleOf(tenants .. ':rules', tenant, 'weight') or 1))
  end
end
local function enterLine(fair, tenants, line, tenant)
  local isNew = redis.call('EXISTS', fair .. ':prices') == 0
  if isNew and line == 0 then return end
  openLine(fair, tenants, line, tenant)
  -- Jobs of the tenant that needed no turns may wait already.
  if isNew then openLine(fair, tenants, 0) end
end`,
};

/** A line takes no turns until it enters again: no job of it waits, or none may start. */
export const leaveLine: Fragment = {
  lua: `
local function leaveLine(fair, line, account, round)
  redis.call('ZREM', fair, line)
  redis.call('ZREMRANGEBYSCORE', fair .. ':left', '-inf', round)
  if tonumber(account) > tonumber(round) then redis.call('ZADD', fair .. ':left', account, line) end
end`,
};

/** How many jobs wait in a line. */
export const waitingInLine: Fragment = {
  lua: `
local function waitingIn(prioritized, line)
  local from = line * ${String(scoresPerLine)}
  return redis.call('ZCOUNT', prioritized, from, from + ${String((prioritiesPerLine - 1) * 2 ** 32)})
end`,
};

/**
 * Takes the first place of the line whose turn it is, and charges the line. Returns {id, price}; nothing if no
 * line has a place.
 */
export const takeTurn: Fragment = {
  needs: [leaveLine],
  lua: `
local function takeTurn(fair, prioritized, round)
  for nth = 1, ${String(mostEmpty)} do
    local first = redis.call('ZRANGE', fair, 0, 0, 'WITHSCORES')
    local line, account = first[1], first[2]
    if not line then return end
    local from = line * ${String(scoresPerLine)}
    local to = from + ${String((prioritiesPerLine - 1) * 2 ** 32)}
    local id = redis.call('ZRANGEBYSCORE', prioritized, from, to, 'LIMIT', 0, 1)[1]
    if id then
      local price = redis.call('HGET', fair .. ':prices', line) or ${String(firstPrice)}
      redis.call('ZREM', prioritized, id)
      redis.call('ZINCRBY', fair, price, line) -- rule: charge
      redis.call('HSET', fair .. ':prices', 'round', account)
      return {id, price}
    end
    leaveLine(fair, line, account, round)
  end
end`,
};

/** Corrects a line's account; it does not fall below the round. */
export const correctLine: Fragment = {
  lua: `
local function correctLine(fair, line, by)
  local round = tonumber(redis.call('HGET', fair .. ':prices', 'round') or nil)
  if not round then return end
  local waits = redis.call('ZSCORE', fair, line)
  local account = tonumber(waits or redis.call('ZSCORE', fair .. ':left', line) or round) + by
  if account < round then account = round end
  if waits then
    redis.call('ZADD', fair, account, line)
  elseif account > round then
    redis.call('ZADD', fair .. ':left', account, line)
  else
    redis.call('ZREM', fair .. ':left', line)
  end
end`,
};

/**
 * An attempt of a job has ended: its line pays what it has cost, beyond what it was charged (\`charged\`, 0 if nothing).
 * Does nothing where there are no turns.
 */
export const settleTurn: Fragment = {
  needs: [correctLine, lineOfTenant, ruleOfTenant],
  lua: `
local function settleTurn(fair, tenants, tenant, seconds, usd, charged)
  if redis.call('EXISTS', fair .. ':prices') == 0 then return end
  local line = lineOf(tenants, tenant)
  if seconds < 0 then seconds = 0 end
  local cost = (seconds + usd * ${String(secondsPerUsd)}) / (ruleOf(tenants .. ':rules', tenant, 'weight') or 1)
  correctLine(fair, line, cost - charged) -- rule: pay
  local price = redis.call('HGET', fair .. ':prices', line) or ${String(firstPrice)}
  redis.call('HSET', fair .. ':prices', line, price + (cost - price) * ${String(priceGain)})
end`,
};
