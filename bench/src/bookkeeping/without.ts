import { assignScript, script, settleScript, type Script } from '@remuda/redis';

/**
 * What is left of giving a job to a worker when nobody keeps a lease: state, times, the bridge's grant, the event, the ticket.
 * Same KEYS and ARGV as the script that it stands for.
 */
const assign = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
redis.call('HSET', KEYS[1], 'state', 'assigned', 'claimedAt', now, 'start', ARGV[4])
local grant = {}
for i = 12, 11 + tonumber(ARGV[9]) do grant[#grant + 1] = ARGV[i] end
redis.call('HSET', KEYS[4], unpack(grant))
redis.call('PEXPIRE', KEYS[4], ARGV[7])
redis.call('ZREM', KEYS[6], ARGV[1])
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[3], seq .. '-0', 'n', 1, 'a', attempt, 'd', ARGV[8])
local ticket = ARGV[1] .. '.1'
local assignment = '{"attempt":' .. attempt .. ',' .. ARGV[10]
redis.call('HSET', KEYS[11] .. ticket, 'name', 'assignment', 'data', assignment, 'opts', ARGV[11], 'timestamp', now, 'delay', 0, 'priority', 0)
redis.call('LPUSH', KEYS[9], ticket)
redis.call('ZADD', KEYS[10], 0, '0')
return {'assigned', 1, attempt}
`);

/** The same of ending it: state, result, event, how long all is kept; whatever says that it is over is believed. */
const settle = script(`
redis.call('HSET', KEYS[1], 'state', ARGV[6], 'overAt', ARGV[5])
local fields = tonumber(ARGV[14])
if fields > 0 then
  local set = {}
  for i = 15, 14 + fields do set[#set + 1] = ARGV[i] end
  redis.call('HSET', KEYS[1], unpack(set))
end
redis.call('DEL', KEYS[8])
local seq = redis.call('HINCRBY', KEYS[1], 'seq', ARGV[16 + fields])
redis.call('XADD', KEYS[3], seq .. '-0', 'n', ARGV[16 + fields], 'a', 1, 'd', ARGV[7])
redis.call('DEL', KEYS[11])
if ARGV[11] ~= '' then redis.call('SET', KEYS[4], ARGV[11]) end
for k = 1, 5 do redis.call('PEXPIRE', KEYS[k], ARGV[8]) end
redis.call('PEXPIRE', KEYS[9], ARGV[8])
return {'ok', redis.call('HGET', KEYS[5], 'firstTokenAt') or ''}
`);

/** The script to run in the place of another one, by that one's hash. */
export const withoutLeases: ReadonlyMap<string, Script> = new Map([
  [assignScript.sha, assign],
  [settleScript.sha, settle],
]);
