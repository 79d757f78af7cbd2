/** What a script calls its parts, in Lua. */
export interface RetireParts {
  readonly id: string;
  readonly now: string;
  readonly ttl: string;
  readonly over: string;
  readonly retained: string;
  /** The job's record, prompt, events, result, what the bridge counted, and its attempts. */
  readonly keys: readonly string[];
}

/**
 * The part of a script with which a job is over: its keys get an end of their own, far away, and it is written down when that was and how
 * much of Redis the job takes, so that it can be forgotten in time. A redrive takes that back. What the bridge has counted is there from now
 * on in any case: a request may outlive its job, and what it counts then ends with the rest.
 */
export function retireLua({ id, now, ttl, over, retained, keys }: RetireParts): string {
  const [job = '', , , , model = ''] = keys;
  return `
  if redis.call('EXISTS', ${model}) == 0 then redis.call('HSET', ${model}, 'requests', 0) end
  local bytes = 0
  for _, key in ipairs({${keys.join(', ')}}) do
    bytes = bytes + (redis.call('MEMORY', 'USAGE', key) or 0)
    redis.call('PEXPIRE', key, ${ttl})
  end
  redis.call('HSET', ${job}, 'bytes', bytes)
  redis.call('INCRBY', ${retained}, bytes)
  redis.call('ZADD', ${over}, ${now}, ${id})
`;
}
