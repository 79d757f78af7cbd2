import { Parser, type Expression, type Statement } from './lua-parser.js';

/** What a script calls: commands by name in lower case, all values as Redis gives them to Lua (nothing is `false`). */
export type LuaCall = (command: string, args: (string | number)[]) => unknown;

/** A script, ready to run as one step. */
export type LuaScript = (call: LuaCall, keys: readonly string[], args: readonly string[]) => unknown;

/**
 * Makes a function of a Redis script's text, so that the very scripts of the product run here: the part of Lua that they
 * use. Lists are JavaScript's arrays, counted from 1 by the code that is made. What it does not know it refuses.
 */
export function compileLua(text: string): LuaScript {
  const code = `"use strict"; let _; ${block(new Parser(text.replace(/^#!.*/, '')).parse())}`;
  // The text comes from the product's own source.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const made = new Function('L', 'C', 'KEYS', 'ARGV', code) as (
    uses: typeof library,
    ...given: Parameters<LuaScript>
  ) => unknown;
  return (call, keys, args) => toReply(made(library, call, keys, args));
}

/** What the made code uses. */
const library = {
  index: (table: unknown, key: unknown): unknown =>
    (Array.isArray(table) && typeof key === 'number'
      ? (table as unknown[])[key - 1]
      : (table as Record<string, unknown>)[String(key)]) ?? null,
  put: (table: unknown, key: unknown, value: unknown): void => {
    if (Array.isArray(table) && typeof key === 'number') table[key - 1] = value;
    else (table as Record<string, unknown>)[String(key)] = value;
  },
  /** Of a text in bytes. */
  size: (value: unknown): number =>
    typeof value === 'string' ? Buffer.byteLength(value) : (value as { length: number }).length,
  /** The rest has the sign of the divisor. */
  rest: (value: unknown, by: unknown): number => Number(value) - Math.floor(Number(value) / Number(by)) * Number(by),
  unpack: (list: unknown[], from = 1, to = list.length): unknown[] => {
    const found = list.slice(from - 1, to);
    while (found.length < to - from + 1) found.push(null);
    return found;
  },
  tonumber: (value: unknown): number | null => {
    if (typeof value === 'number') return value;
    return typeof value !== 'string' || value.trim() === '' || Number.isNaN(Number(value)) ? null : Number(value);
  },
  tostring: (value: string | number | boolean | null): string => (value === null ? 'nil' : String(value)),
  encode: (value: unknown): string => JSON.stringify(value).replaceAll('/', String.raw`\/`),
  decode: (text: string): unknown => JSON.parse(text),
};

function toReply(value: unknown): unknown {
  if (value === undefined || value === null || value === false) return null;
  if (value === true) return 1;
  // and no zero with a sign
  if (typeof value === 'number') return Math.trunc(value) + 0;
  if (!Array.isArray(value)) return value;
  const reply: unknown[] = [];
  for (const each of value) {
    if (each === null || each === undefined) break;
    reply.push(typeof each === 'string' ? each : toReply(each));
  }
  return reply;
}

function block(statements: readonly Statement[]): string {
  return statements.map(statement).join('\n');
}

function statement(s: Statement): string {
  switch (s.kind) {
    case 'function':
      // what is not given is nil
      return `function ${s.name}(${s.params.map((name) => `${name} = null`).join(', ')}) {\n${block(s.body)}\nreturn null;\n}`;
    case 'local':
      return s.values.length === 1 && s.names.length === 1
        ? `let ${s.names[0] ?? ''} = ${expression(s.values[0])};`
        : `let [${s.names.join(', ')}] = ${row(s.values)};`;
    case 'assign':
      return s.target.kind === 'name'
        ? `${s.target.name} = ${expression(s.value)};`
        : s.target.kind === 'index'
          ? `L.put(${expression(s.target.table)}, ${expression(s.target.key)}, ${expression(s.value)});`
          : refuse(s.target.kind);
    case 'call':
      return `${expression(s.call)};`;
    case 'return':
      return `return ${s.value ? expression(s.value) : 'null'};`;
    case 'if':
      return (
        s.branches.map(({ when, then }) => `if (${condition(when)}) {\n${block(then)}\n}`).join(' else ') +
        (s.otherwise ? ` else {\n${block(s.otherwise)}\n}` : '')
      );
    case 'count': {
      const { name, from, to, step } = s;
      const by = step ? expression(step) : '1';
      return `for (let ${name} = ${expression(from)}, $to = ${expression(to)}; ${name} <= $to; ${name} += ${by}) {\n${block(s.body)}\n}`;
    }
    case 'each': {
      const [place = '_', value = '_each'] = s.names;
      const each = `let ${place} = $at + 1, ${value} = $list[$at];`;
      return `for (let $at = 0, $list = ${expression(s.list)}; $at < $list.length; $at++) {\n${each}\n${block(s.body)}\n}`;
    }
  }
}

function condition(e: Expression | undefined): string {
  if (!e) return 'false';
  if (e.kind === 'binary') {
    if (['==', '~=', '<', '>', '<=', '>='].includes(e.operator)) return expression(e);
    if (e.operator === 'and') return `(${condition(e.left)} && ${condition(e.right)})`;
    if (e.operator === 'or') return `(${condition(e.left)} || ${condition(e.right)})`;
  }
  if (e.kind === 'not') return `!(${condition(e.value)})`;
  return `((_ = ${expression(e)}) !== false && _ !== null)`;
}

const operators: Readonly<Record<string, string>> = { '==': '===', '~=': '!==' };

function expression(e: Expression | undefined): string {
  if (!e) return 'null';
  switch (e.kind) {
    case 'literal':
      return JSON.stringify(e.value);
    case 'name':
      return e.name;
    case 'index':
      return index(e.table, e.key);
    case 'list':
      return row(e.items);
    case 'record':
      return `{${e.fields.map(([name, value]) => `${JSON.stringify(name)}: ${expression(value)}`).join(', ')}}`;
    case 'not':
      return `!${condition(e.value)}`;
    case 'length':
      return `L.size(${expression(e.value)})`;
    case 'minus':
      return `-(${expression(e.value)})`;
    case 'call':
      return call(e.name, e.args);
    case 'binary':
      if (e.operator === 'and') return `(${condition(e.left)} ? ${expression(e.right)} : false)`;
      if (e.operator === 'or')
        return `(((_ = ${expression(e.left)}) !== false && _ !== null) ? _ : ${expression(e.right)})`;
      if (e.operator === '..') return `(String(${expression(e.left)}) + String(${expression(e.right)}))`;
      // A text that is added is a number, as it is with the other operators by itself.
      if (e.operator === '+') return `(Number(${expression(e.left)}) + Number(${expression(e.right)}))`;
      if (e.operator === '%') return `L.rest(${expression(e.left)}, ${expression(e.right)})`;
      return `(${expression(e.left)} ${operators[e.operator] ?? e.operator} ${expression(e.right)})`;
  }
}

/** A table's element; those of the script's own two lists are texts, or not there. */
function index(table: Expression, key: Expression): string {
  const own = table.kind === 'name' && (table.name === 'KEYS' || table.name === 'ARGV');
  return own ? `(${table.name}[${expression(key)} - 1] ?? null)` : `L.index(${expression(table)}, ${expression(key)})`;
}

/** Values as one list; one that there is already is no copy. */
function row(values: readonly Expression[]): string {
  const [only, ...others] = values;
  return only?.kind === 'call' && only.name === 'unpack' && others.length === 0
    ? expression(only)
    : `[${list(values)}]`;
}

/** Values in a row; what the last `unpack` gives goes on in it. */
function list(values: readonly Expression[]): string {
  return values
    .map((value, i) => {
      const spread = i === values.length - 1 && value.kind === 'call' && value.name === 'unpack';
      return spread ? `...${expression(value)}` : expression(value);
    })
    .join(', ');
}

const functions: Readonly<Record<string, string>> = {
  unpack: 'L.unpack',
  tonumber: 'L.tonumber',
  'math.floor': 'Math.floor',
  tostring: 'L.tostring',
  'cjson.encode': 'L.encode',
  'cjson.decode': 'L.decode',
};

function call(name: string, args: readonly Expression[]): string {
  if (name === 'redis.call') return `C(${commandName(args[0])}, ${row(args.slice(1))})`;
  return `${functions[name] ?? ownFunction(name)}(${list(args)})`;
}

/** A function of the script's own; a library that is not known is refused. */
function ownFunction(name: string): string {
  return name.includes('.') ? refuse(name) : name;
}

/** A command's name in lower case: mostly there is nothing left to do for it when the script runs. */
function commandName(name: Expression | undefined): string {
  return name?.kind === 'literal'
    ? JSON.stringify(String(name.value).toLowerCase())
    : `${expression(name)}.toLowerCase()`;
}

function refuse(what: string): never {
  throw new Error(`The simulation does not know this part of Lua: ${what}`);
}
