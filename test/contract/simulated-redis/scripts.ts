import fc from 'fast-check';
import { keysOf, text, type Sent } from './commands.js';

const kinds = ['text', 'count', 'hash', 'set', 'sorted', 'list'] as const;

/** What every script begins with: a number, a text and a list, which the rest of it uses and changes. */
const prelude = `local n = tonumber(ARGV[1])
local s = ARGV[2]
local t = {ARGV[2], ARGV[3]}
local function joined(a, b)
  if b then return a .. '+' .. b end
  return a .. '!'
end`;

/** Calls that write, and those whose answer is a number. */
const writes = [
  "redis.call('SET', KEYS[1], s)",
  "redis.call('INCRBY', KEYS[2], 3)",
  "redis.call('HSET', KEYS[3], 'f', s, 'g', n)",
  "redis.call('SADD', KEYS[4], unpack(t))",
  "redis.call('ZADD', KEYS[5], n, s)",
  "redis.call('RPUSH', KEYS[6], unpack(t))",
  "redis.call('LPUSH', KEYS[6], s, 'z')",
  "redis.call('DEL', KEYS[1], KEYS[6])",
];
const numbers = [
  "redis.call('LLEN', KEYS[6])",
  "redis.call('EXISTS', KEYS[1], KEYS[3])",
  "redis.call('SADD', KEYS[4], s)",
  "redis.call('HINCRBY', KEYS[3], 'n', 2)",
  "tonumber(redis.call('ZSCORE', KEYS[5], s) or 4)",
  "#redis.call('LRANGE', KEYS[6], 0, -1)",
];
const words = [
  "(redis.call('GET', KEYS[1]) or 'none')",
  "(redis.call('HMGET', KEYS[3], 'f', 'g')[1] or s)",
  "(redis.call('RPOPLPUSH', KEYS[6], KEYS[6]) or 'no list')",
  "(redis.call('ZRANGE', KEYS[5], 0, -1)[1] or 'no member')",
];

const literal = fc.nat(9).map(String);
/** Adds up texts in quotes as Lua reads them. */
const quoted = text.map((value) => `'${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`);

const { number, word, truth } = fc.letrec<Record<'number' | 'word' | 'truth', string>>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('n', '#t', '#s', ...numbers),
    literal,
    fc.tuple(tie('number'), fc.constantFrom('+', '-'), tie('number')).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    fc.tuple(tie('number'), fc.constantFrom('* 3', '/ 2', '% 5')).map(([a, by]) => `(${a} ${by})`),
    tie('number').map((a) => `math.floor(${a})`),
    literal.map((digits) => `('${digits}' + 1)`),
    tie('number').map((a) => `tonumber(tostring(${a}))`),
  ),
  word: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('s', 't[1]', 'ARGV[3]', ...words),
    quoted,
    fc.tuple(tie('word'), fc.oneof(tie('word'), tie('number'))).map(([a, b]) => `(${a} .. ${b})`),
    tie('word').map((a) => `joined(${a})`),
    fc.tuple(tie('word'), tie('word')).map(([a, b]) => `joined(${a}, ${b})`),
    tie('word').map((a) => `cjson.encode({${a}, 'x'})`),
    tie('word').map((a) => `cjson.decode(cjson.encode({of = ${a}}))['of']`),
    fc.tuple(tie('truth'), tie('word'), tie('word')).map(([when, a, b]) => `(${when} and ${a} or ${b})`),
  ),
  truth: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(tie('number'), fc.constantFrom('<', '<=', '>', '>=', '==', '~='), tie('number'))
      .map((all) => `(${all.join(' ')})`),
    fc.tuple(tie('word'), fc.constantFrom('==', '~='), tie('word')).map((all) => `(${all.join(' ')})`),
    fc.tuple(tie('truth'), fc.constantFrom('and', 'or'), tie('truth')).map((all) => `(${all.join(' ')})`),
    tie('truth').map((a) => `(not ${a})`),
    fc.constant("(redis.call('GET', KEYS[1]))"),
    fc.constant("(1 ~= '1')"),
  ),
}));

const { statements } = fc.letrec<Record<'statement' | 'statements', string>>((tie) => ({
  statements: fc.array(tie('statement'), { minLength: 1, maxLength: 4 }).map((all) => all.join('\n')),
  statement: fc.oneof(
    { depthSize: 'small' },
    number.map((a) => `n = ${a}`),
    word.map((a) => `s = ${a}`),
    word.map((a) => `t[#t + 1] = ${a}`),
    fc.constantFrom(...writes),
    fc.tuple(truth, tie('statements')).map(([when, then]) => `if ${when} then\n${then}\nend`),
    fc
      .tuple(truth, tie('statements'), truth, tie('statements'), tie('statements'))
      .map(([a, b, c, d, e]) => `if ${a} then\n${b}\nelseif ${c} then\n${d}\nelse\n${e}\nend`),
    number.map((a) => `for i = 1, 3 do n = n + i + ${a} end`),
    word.map((a) => `for i, each in ipairs({${a}, s}) do t[#t + 1] = each .. i end`),
    fc.constant('if true then\nlocal a, b = unpack(t, 1, 2)\ns = a .. b\nend'),
  ),
}));

const answer = fc.oneof(
  number,
  word,
  truth,
  fc.tuple(number, word).map(([a, b]) => `{${a}, ${b}, {s, n}, t}`),
  fc.constantFrom(
    "redis.call('HMGET', KEYS[3], 'f', 'none', 'g')",
    "{s, false, 'c'}",
    "{s, nil, 'c'}",
    'nil',
    'false',
    'true',
  ),
);

/** A script of the part of Lua that the simulation knows, with commands in it. */
export const scripts: fc.Arbitrary<Sent> = fc
  .tuple(statements, answer, fc.nat(20), text, text, fc.constantFrom(0, 1))
  .map(([body, end, n, a, b, which]) => {
    const keys = kinds.map((kind) => keysOf(kind)[which]!);
    return ['eval', `${prelude}\n${body}\nreturn ${end}`, String(keys.length), ...keys, String(n), a, b];
  });
