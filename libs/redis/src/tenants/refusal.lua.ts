import type { Fragment } from '../script/define-script.js';

/** The arguments of `refusalOf`, by their names in a script: limits, '' for none, and the day and month of now. */
export const refusalArgs = ['maxWaiting', 'usdPerDay', 'usdPerMonth', 'day', 'month'] as const;

/** The limit by which a tenant may not submit so many more jobs, if any; `tenant` is the key of its data. */
export const refusalOf: Fragment = {
  lua: `
local function refusalOf(tenant, jobs)
  if maxWaiting ~= '' and redis.call('SCARD', tenant .. ':waiting') + jobs > tonumber(maxWaiting) then return 'waiting' end
  if usdPerDay == '' and usdPerMonth == '' then return end
  local spent = redis.call('HMGET', tenant .. ':spent', 'reserved', day, month)
  local reserved = spent[1] or 0
  if usdPerDay ~= '' and (spent[2] or 0) + reserved >= usdPerDay * 1000000 then return 'usdPerDay' end
  if usdPerMonth ~= '' and (spent[3] or 0) + reserved >= usdPerMonth * 1000000 then return 'usdPerMonth' end
end`,
};
