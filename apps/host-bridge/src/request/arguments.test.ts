import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readArguments, writeArguments, type Given } from './arguments.js';
import { flags } from './flags.js';

const faultOf = (args: readonly string[]): string => {
  const read = readArguments(args);
  return 'fault' in read ? read.fault : '';
};
const written = (args: readonly string[]): readonly string[] => {
  const read = readArguments(args);
  if ('fault' in read) throw new Error(read.fault);
  return writeArguments(read);
};

test('each value is within the word of its flag, and all text is after --', () => {
  expect(written(['-p', 'say hi', '--model', 'opus'])).toEqual(['--print', '--model=opus', '--', 'say hi']);
  expect(written(['-p', '--allowedTools', 'Read', 'Bash(git *)', '--', '-5 + 3'])).toEqual([
    ...['--print', '--allowed-tools=Read', '--allowed-tools=Bash(git *)', '--', '-5 + 3'],
  ]);
  expect(written(['-c'])).toEqual(['--continue']);
  expect(written(['-r', '--verbose'])).toEqual(['--resume', '--verbose']);
  expect(written(['mcp', 'add', 'x'])).toEqual(['--', 'mcp ', 'add', 'x']);
  expect(written(['-p', 'mcp'])).toEqual(['--print', '--', 'mcp']);
  expect(written(['-p', '$(id); `id`\n"\'\\'])).toEqual(['--print', '--', '$(id); `id`\n"\'\\']);
});

test.each([
  [['--mode', 'x'], '--mode is not a flag'],
  [['--prin'], '--prin is not a flag'],
  [['-pc'], '-pc is not a flag'],
  [['-p=x'], '-p=x is not a flag'],
  [['--print=x'], '--print takes no value'],
  [['--model'], '--model needs a value'],
  [['--model', '--settings'], '--model needs a value'],
  [['--model', 'a', '--model=b'], '--model is given twice'],
  [['--MODEL', 'a'], '--MODEL is not a flag'],
  [['--constructor'], '--constructor is not a flag'],
  [['--debug-file', '/etc/x'], '--debug-file is not a flag'],
  [['--plugin-dir', '/x'], '--plugin-dir is not a flag'],
  [['--ide'], '--ide is not a flag'],
])('%j is refused: %s', (args, fault) => {
  expect(faultOf(args)).toContain(fault);
});

/** Reads what was written as Claude Code's own parser does, for which no word is ambiguous. */
function understood(args: readonly string[]): Given {
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  const values = new Map<string, string[]>();
  for (const arg of before) {
    const [name = '', value] = arg.split(/=(.*)/s);
    values.set(name, [...(values.get(name) ?? []), ...(value === undefined ? [] : [value])]);
  }
  const given = [...values].map(([name, all]) => ({ name, flag: flags[name]!, values: all }));
  return { flags: given, words: end < 0 ? [] : args.slice(end + 1) };
}

test('whatever is asked for, a flag that was not checked never reaches Claude Code', () => {
  const word = fc.oneof(
    fc.constantFrom(...Object.keys(flags), '-p', '-r', '--', '-', '--settings', '--add-dir', '--settings={"x":1}', '='),
    fc.string({ maxLength: 6 }),
    fc.string({ maxLength: 6 }).map((text) => `--model=${text}`),
    fc.string({ maxLength: 6 }).map((text) => `-${text}`),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (args) => {
      const read = readArguments(args);
      if ('fault' in read) return;
      const again = understood(writeArguments(read));
      const plain = again.words.map((text, n) =>
        n === 0 && text === `${String(read.words[0])} ` ? read.words[0] : text,
      );
      expect(plain).toEqual(read.words);
      expect(new Set(again.flags.map(({ name }) => name))).toEqual(new Set(read.flags.map(({ name }) => name)));
      for (const { name, values } of again.flags)
        expect(values).toEqual(read.flags.filter((flag) => flag.name === name).flatMap((flag) => flag.values));
    }),
  );
});
