import fc from 'fast-check';

/** A command with its arguments, as it is sent. */
export type Sent = readonly [name: string, ...args: string[]];

/** Commands of the simulation whose answers are not compared, and why. */
export const notCompared: Readonly<Record<string, string>> = {
  ping: 'it tells nothing of the data',
  time: 'each has a clock of its own',
  config: 'a setting of the server',
  info: 'a description of the server',
  memory: 'the simulation knows no sizes',
  scan: 'the simulation has nothing that is found by it',
  publish: 'it counts those who listen',
  evalsha: 'it is EVAL of a script that is known',
  xtrim: 'it is approximate, and the simulation keeps all',
};

/** Keys of each kind, two of each: no command meets a value of another kind. */
const kinds = ['text', 'count', 'hash', 'set', 'sorted', 'list', 'stream'] as const;
export const keysOf = (kind: (typeof kinds)[number]): readonly string[] => [`{sim}:${kind}1`, `{sim}:${kind}2`];
const key = (kind: (typeof kinds)[number]) => fc.constantFrom(...keysOf(kind));

const anyKey = fc.constantFrom(...kinds.flatMap(keysOf));
export const text = fc.constantFrom(
  '',
  'a',
  'b',
  'ab',
  '0',
  '7',
  '-3',
  '10',
  'é',
  '💡',
  "it's",
  '"q" \\',
  'a b',
  'a/b',
);
const field = fc.constantFrom('f', 'g', 'é', '');
const counter = fc.constantFrom('n', 'm');
const whole = fc.integer({ min: -12, max: 12 }).map(String);
const place = fc.integer({ min: -4, max: 4 }).map(String);
const score = fc.oneof(whole, fc.constantFrom('0.5', '-1.25', '1795824000000'));
const bound = fc.oneof(
  score,
  score.map((at) => `(${at}`),
  fc.constantFrom('-inf', '+inf'),
);
const entryId = fc.oneof(
  fc.tuple(fc.nat(9), fc.nat(3)).map(([ms, n]) => `${String(ms + 1)}-${String(n)}`),
  fc.nat(9).map((ms) => String(ms + 1)),
);
const few = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 4 });
const rows = <T>(one: fc.Arbitrary<readonly T[]>) => few(one).map((each) => each.flat());
const counted = fc.option(
  fc.nat(4).map((n) => ['COUNT', String(n + 1)]),
  { nil: [] },
);

/** A command of its name; each part is an argument, or several. */
const sent = (name: string, ...parts: readonly fc.Arbitrary<string | readonly string[]>[]): fc.Arbitrary<Sent> =>
  fc.tuple(...parts).map((given) => [name, ...given.flat()]);

/** Every command that is compared, with arguments as the product and BullMQ's part of the simulation use them. */
export const commands: Readonly<Record<string, fc.Arbitrary<Sent>>> = {
  exists: sent('exists', few(anyKey)),
  del: sent('del', few(anyKey)),
  unlink: sent('unlink', few(anyKey)),
  pexpire: sent('pexpire', anyKey, fc.constantFrom('3600000', '7200000', '0')),
  persist: sent('persist', anyKey),
  get: sent('get', key('text')),
  set: sent('set', key('text'), text, fc.constantFrom([], ['NX'], ['PX', '3600000'], ['PX', '3600000', 'NX'])),
  incr: sent('incr', key('count')),
  incrby: sent('incrby', key('count'), whole),
  hget: sent('hget', key('hash'), field),
  hmget: sent('hmget', key('hash'), few(field)),
  hgetall: sent('hgetall', key('hash')),
  hkeys: sent('hkeys', key('hash')),
  hlen: sent('hlen', key('hash')),
  hexists: sent('hexists', key('hash'), field),
  hset: sent('hset', key('hash'), rows(fc.tuple(field, text))),
  hsetnx: sent('hsetnx', key('hash'), field, text),
  hdel: sent('hdel', key('hash'), few(fc.oneof(field, counter))),
  hincrby: sent('hincrby', key('hash'), counter, whole),
  lpush: sent('lpush', key('list'), few(text)),
  rpush: sent('rpush', key('list'), few(text)),
  llen: sent('llen', key('list')),
  lindex: sent('lindex', key('list'), place),
  lrange: sent('lrange', key('list'), place, place),
  ltrim: sent('ltrim', key('list'), place, place),
  lpop: sent('lpop', key('list')),
  lrem: sent('lrem', key('list'), fc.constantFrom('-2', '-1', '0', '1', '2'), text),
  rpoplpush: sent('rpoplpush', key('list'), key('list')),
  sadd: sent('sadd', key('set'), few(text)),
  srem: sent('srem', key('set'), few(text)),
  smembers: sent('smembers', key('set')),
  scard: sent('scard', key('set')),
  sismember: sent('sismember', key('set'), text),
  zadd: sent('zadd', key('sorted'), rows(fc.tuple(score, text))),
  zrem: sent('zrem', key('sorted'), few(text)),
  zscore: sent('zscore', key('sorted'), text),
  zcard: sent('zcard', key('sorted')),
  zcount: sent('zcount', key('sorted'), bound, bound),
  zpopmin: sent('zpopmin', key('sorted')),
  zrange: sent('zrange', key('sorted'), place, place, fc.constantFrom([], ['WITHSCORES'])),
  zincrby: sent('zincrby', key('sorted'), score, text),
  zremrangebyscore: sent('zremrangebyscore', key('sorted'), bound, bound),
  zrangebyscore: sent(
    'zrangebyscore',
    key('sorted'),
    bound,
    bound,
    fc.option(
      fc.tuple(fc.nat(3), fc.nat(3)).map(([from, n]) => ['LIMIT', String(from), String(n)]),
      { nil: [] },
    ),
  ),
  xadd: sent('xadd', key('stream'), fc.constantFrom([], ['MAXLEN', '~', '1000']), entryId, rows(fc.tuple(field, text))),
  xlen: sent('xlen', key('stream')),
  xrange: sent(
    'xrange',
    key('stream'),
    fc.oneof(
      fc.constant('-'),
      entryId,
      entryId.map((id) => `(${id}`),
    ),
    fc.constant('+'),
    counted,
  ),
  xrevrange: sent('xrevrange', key('stream'), fc.constant('+'), fc.constant('-'), counted),
};

/** Asks for all that there may be. */
export const everything: readonly Sent[] = [
  ...[...keysOf('text'), ...keysOf('count')].map((at): Sent => ['get', at]),
  ...keysOf('hash').map((at): Sent => ['hgetall', at]),
  ...keysOf('set').map((at): Sent => ['smembers', at]),
  ...keysOf('sorted').map((at): Sent => ['zrange', at, '0', '-1']),
  ...keysOf('list').map((at): Sent => ['lrange', at, '0', '-1']),
  ...keysOf('stream').map((at): Sent => ['xrange', at, '-', '+']),
  ...kinds.flatMap(keysOf).map((at): Sent => ['exists', at]),
];
