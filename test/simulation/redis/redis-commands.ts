import type { Command, Database, Reply } from './database.js';

const bound = (text: string): { value: number; open: boolean } => {
  const open = text.startsWith('(');
  const word = open ? text.slice(1) : text;
  return { value: word === '-inf' ? -Infinity : word === '+inf' ? Infinity : Number(word), open };
};

const byScore = (db: Database, key: string, min: string, max: string): [string, number][] => {
  const low = bound(min);
  const high = bound(max);
  return db
    .ranked(key)
    .filter(([, score]) => (low.open ? score > low.value : score >= low.value))
    .filter(([, score]) => (high.open ? score < high.value : score <= high.value));
};

const pairs = (flat: readonly string[], act: (a: string, b: string) => void): void => {
  for (let i = 0; i + 1 < flat.length; i += 2) act(flat[i]!, flat[i + 1]!);
};

/** What a list has from one place to another, both included; from the end where they're negative. */
const stretch = <T>(list: readonly T[], from = 0, to = -1): T[] => {
  const at = (place: number): number => Math.max(0, place < 0 ? list.length + place : place);
  return to < -list.length ? [] : list.slice(at(from), at(to) + 1);
};

/** The id that comes right before one from which entries are asked for. */
const before = (id: string): string => {
  const [ms = 0, seq = 0] = id.split('-').map(Number);
  return seq > 0 ? `${ms}-${seq - 1}` : `${ms - 1}-${Number.MAX_SAFE_INTEGER}`;
};

/** How many there are at most, of the options of a command. */
const countOf = (options: readonly string[]): number => (options.length > 0 ? Number(options.at(-1)) : Infinity);

/** The commands of Redis itself. */
export const redisCommands: Readonly<Record<string, Command>> = {
  ping: () => 'PONG',
  time: (db) => [String(Math.floor(db.now() / 1_000)), String(Math.floor((db.now() % 1_000) * 1_000))],
  config: () => 'OK',
  info: () => 'redis_version:8.0.0',
  evalsha: (db, args) => db.evalsha(args),
  eval: (db, args) => db.eval(args),
  exists: (db, keys) => keys.filter((key) => db.exists(key)).length,
  unlink: (db, keys) => keys.filter((key) => db.delete(key)).length,
  // How much of it something takes is of no interest here.
  memory: () => 1,
  scan: () => ['0', []],
  del: (db, keys) => keys.filter((key) => db.delete(key)).length,
  pexpire: (db, [key, ms]) => (db.expire(key!, Number(ms)) ? 1 : 0),
  get: (db, [key]) => db.text(key!) ?? null,
  set: (db, [key, value, ...options]) => {
    const words = options.map((word) => word.toUpperCase());
    if (words.includes('NX') && db.exists(key!)) return null;
    const px = words.indexOf('PX');
    db.setText(key!, value!, px < 0 ? undefined : Number(options[px + 1]));
    return 'OK';
  },
  incr: (db, [key]) => redisCommands['incrby']!(db, [key!, '1']),
  incrby: (db, [key, by]) => {
    const value = Number(db.text(key!) ?? 0) + Number(by);
    db.changeText(key!, String(value));
    return value;
  },
  hget: (db, [key, field]) => db.hash(key!)?.get(field!) ?? null,
  hmget: (db, args) => {
    const hash = db.hash(args[0]!);
    const found: Reply[] = [];
    for (let i = 1; i < args.length; i++) found.push(hash?.get(args[i]!) ?? null);
    return found;
  },
  hgetall: (db, [key]) => {
    const found: string[] = [];
    for (const [field, value] of db.hash(key!) ?? []) found.push(field, value);
    return found;
  },
  lrange: (db, [key, from, to]) => stretch(db.list(key!), Number(from), Number(to)),
  llen: (db, [key]) => db.list(key!).length,
  lindex: (db, [key, at]) => db.list(key!).at(Number(at)) ?? null,
  rpoplpush: (db, [from, to]) => {
    const last = db.list(from!).pop();
    if (last === undefined) return null;
    db.leave(from!, last, true);
    db.list(to!).unshift(last);
    return last;
  },
  lpop: (db, [key]) => db.list(key!).shift() ?? null,
  lrem: (db, [key, count, value]) => {
    const list = db.list(key!);
    const most = Math.abs(Number(count)) || Infinity;
    let removed = 0;
    for (; removed < most; removed++) {
      const at = Number(count) < 0 ? list.lastIndexOf(value!) : list.indexOf(value!);
      if (at < 0) break;
      list.splice(at, 1);
    }
    return removed;
  },
  hexists: (db, [key, field]) => (db.hash(key!)?.has(field!) ? 1 : 0),
  lpush: (db, [key, ...values]) => db.list(key!).unshift(...values.reverse()),
  rpush: (db, [key, ...values]) => db.list(key!).push(...values),
  ltrim: (db, [key, from, to]) => {
    const list = db.list(key!);
    list.splice(0, list.length, ...stretch(list, Number(from), Number(to)));
    return 'OK';
  },
  persist: (db, [key]) => (db.persist(key!) ? 1 : 0),
  hlen: (db, [key]) => db.hash(key!)?.size ?? 0,
  hkeys: (db, [key]) => [...(db.hash(key!)?.keys() ?? [])],
  hset: (db, args) => {
    const fields = db.hash(args[0]!)?.size ?? 0;
    for (let i = 1; i + 1 < args.length; i += 2) db.setField(args[0]!, args[i]!, args[i + 1]!);
    return (db.hash(args[0]!)?.size ?? 0) - fields;
  },
  hsetnx: (db, [key, field, value]) => {
    if (db.hash(key!)?.has(field!)) return 0;
    db.setField(key!, field!, value!);
    return 1;
  },
  hdel: (db, [key, ...fields]) => {
    const hash = db.hash(key!);
    let removed = 0;
    for (const field of fields) {
      const before = hash?.get(field);
      if (before === undefined) continue;
      hash?.delete(field);
      db.onlooker.onHash(key!, field, before, undefined);
      removed++;
    }
    if (hash?.size === 0) db.delete(key!);
    return removed;
  },
  hincrby: (db, [key, field, by]) => {
    const value = Number(db.hash(key!)?.get(field!) ?? 0) + Number(by);
    db.setField(key!, field!, String(value));
    return value;
  },
  sadd: (db, [key, ...members]) => {
    const set = db.set(key!);
    const before = set.size;
    for (const member of members) set.add(member);
    return set.size - before;
  },
  srem: (db, [key, ...members]) => members.filter((member) => db.set(key!).delete(member)).length,
  scard: (db, [key]) => db.set(key!).size,
  sismember: (db, [key, member]) => (db.set(key!).has(member!) ? 1 : 0),
  smembers: (db, [key]) => [...db.set(key!)],
  zadd: (db, [key, ...scored]) => {
    const sorted = db.sorted(key!);
    const before = sorted.size;
    pairs(scored, (score, member) => sorted.set(member, Number(score)));
    // A sign for consumers that wait for it; nobody waits at other sorted sets.
    if (key!.endsWith(':marker')) db.touched.add(key!);
    return sorted.size - before;
  },
  zrange: (db, [key, from, to, withScores]) => {
    const found = stretch(db.ranked(key!), Number(from), Number(to));
    return found.flatMap(([member, score]) => (withScores ? [member, String(score)] : [member]));
  },
  zrem: (db, [key, ...members]) => {
    const removed = members.filter((member) => db.sorted(key!).delete(member));
    for (const member of removed) if (key!.endsWith(':prioritized')) db.leave(key!, member, false);
    return removed.length;
  },
  zincrby: (db, [key, by, member]) => {
    const score = (db.sorted(key!).get(member!) ?? 0) + Number(by);
    db.sorted(key!).set(member!, score);
    return String(score);
  },
  zremrangebyscore: (db, [key, min, max]) =>
    byScore(db, key!, min!, max!).filter(([member]) => db.sorted(key!).delete(member)).length,
  zpopmin: (db, [key]) => {
    const [first] = db.ranked(key!);
    if (!first) return [];
    db.sorted(key!).delete(first[0]);
    db.leave(key!, first[0], false);
    return [first[0], String(first[1])];
  },
  zscore: (db, [key, member]) => db.sorted(key!).get(member!)?.toString() ?? null,
  zcard: (db, [key]) => db.sorted(key!).size,
  zcount: (db, [key, min, max]) => byScore(db, key!, String(min), String(max)).length,
  zrangebyscore: (db, [key, min, max, ...limit]) => {
    const found = byScore(db, key!, String(min), String(max)).map(([member]) => member);
    return limit.length === 3 ? found.slice(Number(limit[1]), Number(limit[1]) + Number(limit[2])) : found;
  },
  xadd: (db, [key, ...rest]) => {
    let from = 0;
    if (rest[0] === 'MAXLEN') from = rest[1] === '~' ? 3 : 2;
    return db.addEntry(key!, String(rest[from]), rest.slice(from + 1).map(String));
  },
  xlen: (db, [key]) => db.stream(key!)?.entries.length ?? 0,
  xrange: (db, [key, from, , ...options]) => {
    const after = from!.startsWith('(') ? from!.slice(1) : from === '-' ? '0-0' : before(from!);
    return db.entriesAfter(key!, after, countOf(options));
  },
  xrevrange: (db, [key, , , ...options]) => [...db.entriesAfter(key!, '0-0')].reverse().slice(0, countOf(options)),
  xtrim: () => 0,
  publish: (db, [channel, message]) => {
    for (const hear of db.onPublish) hear(channel!, message!);
    return db.onPublish.length;
  },
};

/** The commands of Redis that there are here. */
export const commandNames: readonly string[] = Object.keys(redisCommands);
