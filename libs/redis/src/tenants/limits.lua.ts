import { defaultReserveUsd } from '@remuda/domain';
import type { Fragment } from '../script/define-script.js';
import { enterLine, leaveLine, lineOfTenant } from './lines.lua.js';

/** What a tenant has spent is kept for so long after the latest change, in ms: longer than a month. */
const spentMs = 40 * 86_400_000;

/**
 * The limit by which a tenant's job may not start now, if any; otherwise nothing. `tenant` is the key of the tenant's
 * data, `reserve` what would be reserved for it, in micro-dollars.
 */
const limitOf: Fragment = {
  lua: `
local function limitOf(tenant, rules, reserve, day, month)
  local running, perDay, perMonth = rules[1] or rules[2], rules[3] or rules[4], rules[5] or rules[6]
  if running and redis.call('SCARD', tenant .. ':running') >= tonumber(running) then return 'running' end -- rule: running
  if not (perDay or perMonth) then return end
  local spent = redis.call('HMGET', tenant .. ':spent', 'reserved', day, month)
  local reserved = (spent[1] or 0) + reserve
  if perDay and (spent[2] or 0) + reserved > perDay * 1000000 then return 'usdPerDay' end -- rule: dollars
  if perMonth and (spent[3] or 0) + reserved > perMonth * 1000000 then return 'usdPerMonth' end
end`,
};

/**
 * Lets a tenant's job start, if its limits allow: it runs then, and dollars are reserved for it, as much as its budget
 * (`budget`, '' for none). Otherwise returns the limit, and the tenant takes no turns at this profile's workers until
 * one of its jobs has ended. `at` has the keys of the profile's lines (`fair`) and of all lines (`tenants`), the beginning
 * of those of tenants (`beforeTenant`), and the profile.
 */
export const startOfTenant: Fragment = {
  needs: [limitOf, enterLine, leaveLine, lineOfTenant],
  lua: `
local function parkLine(tenant, line, at)
  if redis.call('HSETNX', at.fair .. ':prices', 'round', 0) == 1 then enterLine(at.fair, at.tenants, 0) end
  local account = redis.call('ZSCORE', at.fair, line)
  if account then leaveLine(at.fair, line, account, redis.call('HGET', at.fair .. ':prices', 'round')) end
  redis.call('SADD', at.fair .. ':parked', line)
  redis.call('SADD', tenant .. ':parked', at.profile)
end
local function startOf(name, id, budget, at, day, month)
  local tenant = at.beforeTenant .. name
  local rules = redis.call('HMGET', at.tenants .. ':rules', name .. ':running', '*:running',
    name .. ':usdPerDay', '*:usdPerDay', name .. ':usdPerMonth', '*:usdPerMonth', name .. ':reserveUsd', '*:reserveUsd')
  local reserve = 0
  if rules[3] or rules[4] or rules[5] or rules[6] then
    reserve = budget ~= '' and budget or rules[7] or rules[8] or ${String(defaultReserveUsd)}
    reserve = math.floor(reserve * 1000000)
  end
  local limit = limitOf(tenant, rules, reserve, day, month)
  if limit then
    parkLine(tenant, lineOf(at.tenants, name), at)
    return limit
  end
  redis.call('SREM', tenant .. ':waiting', id)
  redis.call('SADD', tenant .. ':running', id)
  if reserve > 0 then
    redis.call('HINCRBY', tenant .. ':spent', 'reserved', reserve)
    redis.call('HSET', jobKey, 'reserved', reserve)
  end
  -- The next job could not start anyway: nobody needs to try.
  local running = tonumber(rules[1] or rules[2] or nil)
  if running and redis.call('SCARD', tenant .. ':running') >= running then
    parkLine(tenant, lineOf(at.tenants, name), at)
  end
end`,
};

/**
 * A tenant's job runs no longer: what was reserved for it is free again, and what the attempt has spent is noted
 * (`micros`, in micro-dollars). Where a limit kept the tenant from taking turns, it takes them again.
 */
export const endOfTenant: Fragment = {
  needs: [enterLine, lineOfTenant],
  lua: `
local function noteSpending(spent, micros, day, month)
  redis.call('HINCRBY', spent, month, micros)
  if tonumber(redis.call('HINCRBY', spent, day, micros)) > micros then return end
  for _, field in ipairs(redis.call('HKEYS', spent)) do
    if field ~= day and field ~= month and field ~= 'reserved' then redis.call('HDEL', spent, field) end
  end
  redis.call('PEXPIRE', spent, ${String(spentMs)})
end
local function endOf(name, id, isAgain, reserved, micros, at, day, month)
  local tenant = at.beforeTenant .. name
  redis.call('SREM', tenant .. ':running', id) -- rule: no longer running
  if isAgain then redis.call('SADD', tenant .. ':waiting', id) end
  if reserved then
    redis.call('HINCRBY', tenant .. ':spent', 'reserved', -reserved) -- rule: settle reserved
    redis.call('HDEL', jobKey, 'reserved')
  end
  if micros > 0 then noteSpending(tenant .. ':spent', micros, day, month) end
  local parked = redis.call('SMEMBERS', tenant .. ':parked')
  if not parked[1] then return end
  redis.call('DEL', tenant .. ':parked')
  local line = lineOf(at.tenants, name)
  for _, profile in ipairs(parked) do
    redis.call('SREM', at.beforeFair .. profile .. ':parked', line)
    enterLine(at.beforeFair .. profile, at.tenants, line, name) -- rule: unpark
    redis.call('PUBLISH', at.wakeChannel, profile .. ' 1')
  end
end`,
};
