import { expect, test } from 'vitest';
import { fileNameOf, idOfFile, isMessageFile, isUnfinished, unfinishedName } from './names.js';
import { expired } from './sweep.js';

test.each([
  [{ prompt: 'x', id: '42' }, '42.json'],
  [{ job: 'j-1', attempt: 1 }, 'j-1.json'],
  [{ kind: 'outcome', job: 'j-1' }, 'j-1.json'],
  [{ kind: 'refused', id: '42', reason: 'x' }, '42.json'],
  [{ kind: 'events', job: 'j-1' }, '_000000000007.json'],
  [{ kind: 'cancel', job: 'j-1' }, '_000000000007.json'],
  [{ prompt: 'x', id: '../x' }, '_000000000007.json'],
  [{ prompt: 'x', id: 5 }, '_000000000007.json'],
  ['text', '_000000000007.json'],
  [null, '_000000000007.json'],
])('the file of %j is %s', (message, name) => {
  expect(fileNameOf(message, 7)).toBe(name);
  expect(isMessageFile(name)).toBe(true);
});

test('a name gives its id back, a number none', () => {
  expect(idOfFile('42.json')).toBe('42');
  expect(idOfFile('_000000000007.json')).toBeUndefined();
  expect(idOfFile('a b.json')).toBeUndefined();
});

test('what is being written is no message yet', () => {
  const name = unfinishedName('42.json', 1);
  expect(isMessageFile(name)).toBe(false);
  expect(isUnfinished(name)).toBe(true);
  expect(isMessageFile('.hidden.json')).toBe(false);
  expect(isMessageFile('notes.txt')).toBe(false);
});

test('messages have their time, unfinished files an hour', () => {
  const at = (name: string, hours: number) => ({ name, at: -hours * 3_600_000 });
  const files = [at('a.json', 23), at('b.json', 25), at('.c.json.1.tmp', 2), at('.d.json.1.tmp', 0.5)];
  expect(expired(files, 0, 86_400_000)).toEqual(['b.json', '.c.json.1.tmp']);
  expect(expired(files, 0, Infinity)).toEqual(['.c.json.1.tmp']);
});
