import type { Redis } from 'ioredis';
import type { Argument } from './large-arguments.js';
import { run, script, vitalScript, type Script } from './script.js';

/** A value passed to a script. It arrives as text. */
export type ScriptArg = Argument;

/** A Lua function that scripts share, and the functions that it needs. */
export interface Fragment {
  readonly lua: string;
  readonly needs?: readonly Fragment[];
}

/** The inputs of a script, and their names. */
export interface ScriptShape<K extends string, A extends string, EK extends string, EA extends string> {
  /** Its keys: each is a local `<name>Key`. */
  readonly keys: readonly K[];
  /** Its arguments: each is a local of its name, a text. */
  readonly args?: readonly A[];
  /** Repeated inputs, for `forEach`: their own keys and arguments, named like the others. */
  readonly each?: { readonly keys?: readonly EK[]; readonly args?: readonly EA[] };
  /** Name of a list of further arguments. Cannot be combined with `each`. */
  readonly rest?: string;
  /**
   * Whether it also runs while Redis has no memory left: its writes end something, or keep running work alive. Default
   * `false`: Redis then refuses its first write.
   */
  readonly whenFull?: boolean;
  /** Functions that it calls. */
  readonly include?: readonly Fragment[];
}

/** The values for one call, by name. */
export interface ScriptCall<K extends string, A extends string, EK extends string, EA extends string> {
  readonly keys: Readonly<Record<K, string>>;
  readonly args: Readonly<Record<A, ScriptArg>>;
  readonly each?: readonly {
    readonly keys: Readonly<Record<EK, string>>;
    readonly args: Readonly<Record<EA, ScriptArg>>;
  }[];
  readonly rest?: readonly ScriptArg[];
}

/** A script with named instead of positional inputs. */
export interface NamedScript<K extends string, A extends string, EK extends string, EA extends string> extends Script {
  /** Runs it atomically; the caller parses its result. */
  run(redis: Redis, call: ScriptCall<K, A, EK, EA>): Promise<unknown>;
}

/**
 * Defines a Lua script whose keys and arguments have names on both sides: locals in the script, fields in the call.
 * `body` is the Lua text; repeated inputs are iterated with the loop head `forEach`, closed by `end`.
 */
export function defineScript<
  const K extends string = never,
  const A extends string = never,
  const EK extends string = never,
  const EA extends string = never,
>(
  shape: ScriptShape<K, A, EK, EA>,
  body: string | ((parts: { readonly forEach: string }) => string),
): NamedScript<K, A, EK, EA> {
  const { keys, args = [], each, rest, whenFull = false, include = [] } = shape;
  const eachKeys = each?.keys ?? [];
  const eachArgs = each?.args ?? [];
  refuseRepeated([
    ...keys.map(keyLocal),
    ...args,
    ...eachKeys.map(keyLocal),
    ...eachArgs,
    ...(rest === undefined ? [] : [rest]),
  ]);
  const lua = [
    ...locals(keys.map(keyLocal), (i) => `KEYS[${String(i)}]`),
    ...locals(args, (i) => `ARGV[${String(i)}]`),
    ...(rest === undefined ? [] : [`local ${rest} = {unpack(ARGV, ${String(args.length + 1)})}`]),
    ...fragments(include).map((fragment) => fragment.lua.trim()),
    (typeof body === 'string'
      ? body
      : body({ forEach: forEachHead(keys.length, args.length, eachKeys, eachArgs) })
    ).trim(),
  ].join('\n');
  const made = (whenFull ? vitalScript : script)(`${lua}\n`);
  defined.push(made);
  return {
    ...made,
    run: (redis, call) => {
      const group = call.each ?? [];
      const allKeys = [
        ...keys.map((name) => call.keys[name]),
        ...group.flatMap((one) => eachKeys.map((name) => one.keys[name])),
      ];
      const allArgs = [
        ...args.map((name) => call.args[name]),
        ...group.flatMap((one) => eachArgs.map((name) => one.args[name])),
        ...(call.rest ?? []),
      ];
      return run(redis, made, allKeys, allArgs);
    },
  };
}

const defined: Script[] = [];

/** All defined scripts: for a check of their text. */
export function definedScripts(): readonly Script[] {
  return defined;
}

const keyLocal = (name: string): string => `${name}Key`;

function locals(names: readonly string[], valueAt: (place: number) => string): readonly string[] {
  if (names.length === 0) return [];
  return [`local ${names.join(', ')} = ${names.map((_name, i) => valueAt(i + 1)).join(', ')}`];
}

/** The head of the loop over repeated inputs, with the names of their keys and arguments. */
function forEachHead(keysBefore: number, argsBefore: number, keys: readonly string[], args: readonly string[]): string {
  const at = (list: string, before: number, size: number) => (place: number) =>
    `${list}[${String(before + place)} + (nth - 1) * ${String(size)}]`;
  const count =
    args.length > 0
      ? `(#ARGV - ${String(argsBefore)}) / ${String(args.length)}`
      : `(#KEYS - ${String(keysBefore)}) / ${String(keys.length)}`;
  return [
    `for nth = 1, ${count} do`,
    ...locals(keys.map(keyLocal), at('KEYS', keysBefore, keys.length)),
    ...locals(args, at('ARGV', argsBefore, args.length)),
  ].join('\n');
}

/** All required fragments, each once, after those that it needs itself. */
function fragments(of: readonly Fragment[]): readonly Fragment[] {
  return [...new Set(of.flatMap((fragment) => [...fragments(fragment.needs ?? []), fragment]))];
}

function refuseRepeated(names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new TypeError(`A script has two values named ${repeated}.`);
}
