import { vitalScript } from './script.js';

/**
 * A worker's step in its own queue: ends the ticket that it has carried out, and takes the next one. There is no other consumer: a
 * ticket that is taken already is the one whose answer was lost on its way, and is given again.
 *
 * What it leaves is what BullMQ's own `moveToFinished` and `moveToActive` would; a test compares them. Left out is what there is
 * none of in such a queue: priorities, delays, a rate limit, a pause, other consumers who would wait for a sign, and readers of
 * BullMQ's event stream.
 *
 * KEYS: tickets that wait, tickets that are taken, beginning of a ticket's key. ARGV: ticket carried out or '', 1 to take one, worker,
 * lock ms. Gives the ticket and its assignment as JSON, or nothing.
 */
export const takeScript = vitalScript(`
if ARGV[1] ~= '' then
  redis.call('LREM', KEYS[2], -1, ARGV[1])
  redis.call('DEL', KEYS[3] .. ARGV[1], KEYS[3] .. ARGV[1] .. ':lock')
end
if ARGV[2] ~= '1' then return end
local ticket = redis.call('LINDEX', KEYS[2], -1) or redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
if not ticket then return end
local key = KEYS[3] .. ticket
local now = redis.call('TIME')
redis.call('SET', key .. ':lock', ARGV[3], 'PX', ARGV[4])
redis.call('HSET', key, 'processedOn', math.floor(now[1] * 1000 + now[2] / 1000), 'pb', ARGV[3])
redis.call('HINCRBY', key, 'ats', 1)
return {ticket, redis.call('HGET', key, 'data')}
`);
