import { expect, test } from 'vitest';
import { compileLua } from './lua.js';

const echo = (text: string, ...args: string[]): unknown =>
  compileLua(text)((command, its) => (command === 'nothing' ? false : its), [], args);

test.each<[string, unknown]>([
  ["return 'a' .. 1 .. 'b'", 'a1b'],
  ['return 2 * 3 + 4 / 2', 8],
  ["return '12' + 1", 13],
  ["return redis.call('nothing') or 'default'", 'default'],
  ["local x = redis.call('nothing')\nif not x then return 1 end\nreturn 2", 1],
  ["if 0 then return 'zero is true' end", 'zero is true'],
  ["if '' then return 'so is an empty text' end", 'so is an empty text'],
  ["return {'a', nil, 'c'}", ['a']],
  ["local t = {'x'} t[#t + 1] = 'y' return #t", 2],
  ['local sum = 0\nfor i = 1, 3 do sum = sum + i end\nreturn sum', 6],
  ["local last\u0020= ''\nfor i, each in ipairs({'a', 'b'}) do last = each .. i end\nreturn last", 'b2'],
  ["local a, b = unpack({'x', 'y', 'z'}, 2, 3)\nreturn {a, b}", ['y', 'z']],
  ["return cjson.encode({kind = 'cancel', lease = tonumber('3')})", '{"kind":"cancel","lease":3}'],
  ["return 1 ~= '1' and 'numbers are no texts'", 'numbers are no texts'],
  ['return false', null],
  [
    "local function twice(a, b) if b then return a .. b end return a .. a end\nreturn twice('x') .. twice('y', 'z')",
    'xxyz',
  ],
])('%s', (text, value) => {
  expect(echo(text)).toEqual(value);
});

test('a part of Lua that is not known is refused', () => {
  expect(() => compileLua('return string.rep("a", 3)')).toThrow('does not know');
  expect(() => compileLua('while true do end')).toThrow();
});
