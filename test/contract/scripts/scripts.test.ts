import { definedScripts } from '@remuda/redis/testing';
import { describe, expect, test } from 'vitest';
import { lintLua } from './lua-lint.js';

describe('the Lua of every script', () => {
  test.each(definedScripts().map(({ sha, lua }) => [sha.slice(0, 8), lua] as const))('%s is clean', (_sha, lua) => {
    expect(lintLua(lua), lua).toEqual([]);
  });

  test('names its keys and arguments: none is known by its place only', () => {
    for (const { lua } of definedScripts())
      for (const line of lua.split('\n').filter((each) => /\b(KEYS|ARGV)\b/.test(each)))
        expect(line).toMatch(/^local [\w, ]+ = |^for nth = 1, /);
  });
});

describe('a fault in a script is seen:', () => {
  test.each([
    ['a name that nobody declared', 'return jbo', 'jbo is not declared'],
    ['a global that would be made', 'found = 1', 'found is not declared'],
    ['a local that nobody uses', 'local at = 1\nreturn 2', 'at is not used'],
    ['a name that is out of its scope', 'if 1 then local a = 1 redis.call(a) end\nreturn a', 'a is not declared'],
    ['a function that is not there', 'return string.rep(1)', 'string.rep is not declared'],
    ['what is no Lua', 'if then', 'Error: '],
  ])('%s', (_name, lua, fault) => {
    expect(lintLua(lua).join()).toContain(fault);
  });
});
