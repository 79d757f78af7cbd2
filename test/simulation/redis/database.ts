import { createHash } from 'node:crypto';
import { compileLua, type LuaScript } from './lua.js';

/** What Redis answers, as its wire has it. */
export type Reply = string | number | null | readonly Reply[];

/** A stream of entries. */
export interface Stream {
  readonly entries: (readonly [id: string, fields: readonly string[]])[];
  last: readonly [ms: number, seq: number];
}

/** A sorted set: scores by member. */
export type Sorted = Map<string, number>;
export type Hash = Map<string, string>;
type Value = string | Hash | Set<string> | string[] | Stream | { readonly sorted: Sorted };

/** What is kept under a key, and until when. */
interface Kept {
  value: Value;
  /** Epoch ms; `Infinity` for ever. */
  ends: number;
}

/** Who looks on while data changes. */
export interface Onlooker {
  /** A field of a hash got a new value; `undefined` for none. */
  onHash(key: string, field: string, before: string | undefined, after: string | undefined): void;
  onEntry(key: string, id: string, fields: readonly string[]): void;
  onText(key: string, before: string | undefined, value: string): void;
  /** A command was asked for that there is not. */
  onUnknown(what: string): void;
  /** A BullMQ job was claimed from its queue; not `givenBack` is one that waited its turn by priority. */
  onClaim(claim: { queue: string; job: string; givenBack: boolean }, lock: string): void;
}

/** The locks of a run hold for this part of the real time: a lost one is then worth waiting for. */
export const lockShare = 1 / 3;

/** What a command does, and answers. */
export type Command = (db: Database, args: readonly string[]) => Reply;

/** What stands for Redis: its data, its commands, each one step. Scripts are the product's own, as they're sent. */
export class Database {
  readonly #data = new Map<string, Kept>();
  /** Scripts that it has been told, by their hashes. */
  readonly #known = new Map<string, LuaScript>();
  /** Texts of scripts that it was ever told. */
  readonly told = new Set<string>();
  readonly onPublish: ((channel: string, message: string) => void)[] = [];
  /** The BullMQ job that left a queue's line last: whoever sets its lock has claimed it. */
  #left: { readonly queue: string; readonly job: string; readonly givenBack: boolean } | undefined;
  /** Streams and queues that got something new since they were last asked. */
  readonly touched = new Set<string>();

  constructor(
    readonly now: () => number,
    readonly onlooker: Onlooker,
    /** All steps that there are, by name. */
    private readonly commands: ReadonlyMap<string, Command>,
    /** Changes a script's text before it's run. */
    private readonly altered: (text: string) => string = (text) => text,
  ) {}

  /** Runs one command; throws what Redis would answer as an error. */
  run(command: string, args: readonly (string | number)[]): Reply {
    const act = this.commands.get(command);
    if (!act) throw this.#unknown(command);
    return act(this, args as readonly string[]);
  }

  clear(): void {
    this.#data.clear();
    this.#known.clear();
    this.onPublish.length = 0;
  }

  /** Whoever asked may hear no error; so the run ends of it. */
  #unknown(command: string): Error {
    const what = `the simulation's Redis has no command ${command}`;
    this.onlooker.onUnknown(what);
    return replyError(what);
  }

  /** Forgets the scripts, as Redis does when it's started again. */
  forgetScripts(): void {
    this.#known.clear();
  }

  evalsha(args: readonly string[]): Reply {
    const script = this.#known.get(args[0]!);
    if (!script) throw replyError('NOSCRIPT No matching script.');
    return this.#runScript(script, args);
  }

  eval(args: readonly string[]): Reply {
    return this.#runScript(this.learn(args[0]!), args);
  }

  /** Is told a script. */
  learn(text: string): LuaScript {
    const compiled = compile(this.altered(text));
    this.#known.set(shaOf(text), compiled);
    this.told.add(text);
    return compiled;
  }

  #runScript(script: LuaScript, args: readonly string[]): Reply {
    const first = 2 + Number(args[1]);
    return script(this.#call, args.slice(2, first), args.slice(first)) as Reply;
  }

  /** What a script calls. */
  readonly #call = (command: string, args: (string | number)[]): unknown => forLua(this.run(command, texts(args)));

  #live(key: string): Value | undefined {
    return this.#kept(key)?.value;
  }

  #kept(key: string): Kept | undefined {
    const kept = this.#data.get(key);
    if (kept === undefined || (!isEmpty(kept.value) && kept.ends > this.now())) return kept;
    this.#data.delete(key);
    return undefined;
  }

  #keep<T extends Value>(key: string, value: T): T {
    this.#data.set(key, { value, ends: Infinity });
    return value;
  }

  delete(key: string): boolean {
    return this.#kept(key) !== undefined && this.#data.delete(key);
  }

  expire(key: string, ms: number): boolean {
    const kept = this.#kept(key);
    if (kept) kept.ends = this.now() + ms;
    return kept !== undefined;
  }

  persist(key: string): boolean {
    const kept = this.#kept(key);
    if (kept === undefined || kept.ends === Infinity) return false;
    kept.ends = Infinity;
    return true;
  }

  exists(key: string): boolean {
    return this.#kept(key) !== undefined;
  }

  text(key: string): string | undefined {
    return this.#live(key) as string | undefined;
  }

  /** A BullMQ job leaves the line in which it waited. */
  leave(line: string, job: string, givenBack: boolean): void {
    this.#left = { queue: line.slice(0, line.lastIndexOf(':')), job, givenBack };
  }

  setText(key: string, value: string, ms?: number): void {
    const left = this.#left;
    if (left && key === `${left.queue}:${left.job}:lock`) {
      this.#left = undefined;
      this.onlooker.onClaim(left, value);
      if (ms !== undefined) ms = Math.round(ms * lockShare);
    }
    const before = this.text(key);
    this.#data.set(key, { value, ends: ms === undefined ? Infinity : this.now() + ms });
    this.onlooker.onText(key, before, value);
  }

  /** Gives a text another value, which lasts as long as the one before. */
  changeText(key: string, value: string): void {
    const ends = this.#kept(key)?.ends ?? Infinity;
    this.setText(key, value);
    this.#kept(key)!.ends = ends;
  }

  hash(key: string): Hash | undefined {
    return this.#live(key) as Hash | undefined;
  }

  setField(key: string, field: string, value: string): void {
    const hash = this.hash(key) ?? this.#keep<Hash>(key, new Map());
    const before = hash.get(field);
    hash.set(field, value);
    this.onlooker.onHash(key, field, before, value);
  }

  set(key: string): Set<string> {
    return (this.#live(key) as Set<string> | undefined) ?? this.#keep(key, new Set<string>());
  }

  sorted(key: string): Sorted {
    const value = this.#live(key) as { sorted: Sorted } | undefined;
    return (value ?? this.#keep(key, { sorted: new Map<string, number>() })).sorted;
  }

  /** Members from the lowest score to the highest; equal ones by name. */
  ranked(key: string): [string, number][] {
    const sorted = this.sorted(key);
    if (sorted.size === 0) return [];
    return [...sorted].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  }

  list(key: string): string[] {
    return (this.#live(key) as string[] | undefined) ?? this.#keep<string[]>(key, []);
  }

  stream(key: string): Stream | undefined {
    return this.#live(key) as Stream | undefined;
  }

  addEntry(key: string, wanted: string, fields: readonly string[]): string {
    const stream = this.stream(key) ?? this.#keep<Stream>(key, { entries: [], last: [0, 0] });
    const [lastMs, lastSeq] = stream.last;
    let at: readonly [number, number];
    if (wanted === '*') at = this.now() > lastMs ? [this.now(), 0] : [lastMs, lastSeq + 1];
    else at = splitId(wanted);
    if (at[0] < lastMs || (at[0] === lastMs && at[1] <= lastSeq))
      throw replyError('ERR The ID specified in XADD is equal or smaller than the target stream top item');
    stream.last = at;
    const id = `${at[0]}-${at[1]}`;
    stream.entries.push([id, fields]);
    this.touched.add(key);
    this.onlooker.onEntry(key, id, fields);
    return id;
  }

  entriesAfter(key: string, after: string, count = Infinity): readonly (readonly [string, readonly string[]])[] {
    const stream = this.stream(key);
    if (!stream) return [];
    const [ms, seq] = splitId(after);
    const { entries } = stream;
    let from = entries.length;
    while (from > 0) {
      const [a, b] = splitId(entries[from - 1]![0]);
      if (a < ms || (a === ms && b <= seq)) break;
      from--;
    }
    return from === entries.length ? [] : entries.slice(from, from + count);
  }
}

/** Redis keeps no key of a list, a set or a hash in which nothing is left. */
const isEmpty = (value: Value): boolean => {
  if (typeof value === 'string') return false;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  return 'sorted' in value && value.sorted.size === 0;
};

const splitId = (id: string): readonly [number, number] => {
  const dash = id.indexOf('-');
  return dash < 0 ? [Number(id), 0] : [Number(id.slice(0, dash)), Number(id.slice(dash + 1))];
};

/** Nothing is `false` to Lua. A list in which all is something is not copied: no script changes what it was answered. */
const forLua = (reply: Reply): unknown => {
  if (reply === null) return false;
  if (typeof reply !== 'object') return reply;
  for (const each of reply) if (typeof each !== 'string') return reply.map(forLua);
  return reply;
};

/** Arguments as Redis gets them. */
export const texts = (args: readonly (string | number)[]): readonly string[] => {
  for (const arg of args) if (typeof arg !== 'string') return args.map(String);
  return args as readonly string[];
};

const compiledTexts = new Map<string, LuaScript>();
const compile = (text: string): LuaScript => {
  let found = compiledTexts.get(text);
  if (!found) compiledTexts.set(text, (found = compileLua(text)));
  return found;
};

const shas = new Map<string, string>();
const shaOf = (text: string): string => {
  let sha = shas.get(text);
  if (sha === undefined) shas.set(text, (sha = createHash('sha1').update(text).digest('hex')));
  return sha;
};

/** An answer of Redis' that is an error, as ioredis gives it. */
function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}
