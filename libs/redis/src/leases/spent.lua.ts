import { modelCount } from '@remuda/protocol';
import type { Fragment } from '../script/define-script.js';
import { beforeField, spentFields } from './spent.js';

const { requests, firstTokenAt } = modelCount;
const counted = [requests, firstTokenAt, ...spentFields, ...spentFields.map(beforeField)];

/** The bridge's counts for a job, in the order in which `spentOf` reads them. */
export const countedFields = counted.map((field) => `'${field}'`).join(', ');

/**
 * What a job has spent by these counts, over all attempts or since the latest one began: `usage` as JSON, and
 * `costUsd`. Nothing if no request was counted.
 */
export const spentOf: Fragment = {
  lua: `
local function spentOf(counts, isAttempt)
  if tonumber(counts[1] or 0) == 0 then return end
  local spent = {}
  for nth = 1, ${String(spentFields.length)} do
    local before = isAttempt and counts[nth + ${String(2 + spentFields.length)}] or 0
    spent[nth] = (counts[nth + 2] or 0) - before
  end
  local usage = '{"inputTokens":' .. spent[1] .. ',"outputTokens":' .. spent[2]
  usage = usage .. ',"cacheReadTokens":' .. spent[3] .. ',"cacheWriteTokens":' .. spent[4] .. '}'
  return {usage = usage, costUsd = spent[5] / 1000000}
end`,
};

/** The same as the last members of a JSON object, with the comma before them. */
export const spentMembers: Fragment = {
  lua: `
local function spentMembers(spent)
  if not spent then return '' end
  return ',"usage":' .. spent.usage .. ',"costUsd":' .. spent.costUsd
end`,
};
