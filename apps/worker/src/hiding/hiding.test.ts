import { expect, test } from 'vitest';
import { noUsage, type NewEvent } from '@remuda/domain';
import { hidingOf } from './hiding.js';

const secret = 'hunter2-hunter2';
const base64 = Buffer.from(secret).toString('base64');
const delta = (text: string): NewEvent => ({ type: 'message.delta', at: 1, data: { text } });

test('a secret that comes in several deltas is hidden, and no other text is lost', () => {
  const hiding = hidingOf({ TOKEN: secret });
  const said = ['It is hun', 'ter2-', 'hunter2', '. And hunte', 'd.', ' hunter2-h']
    .map(delta)
    .flatMap((event) => hiding.event(event));
  const rest = hiding.event({ type: 'message.text', at: 2, data: { text: `It is ${secret}.` } });
  const texts = [...said, ...rest].map((event) => (event.data as { text: string }).text);
  expect(texts.slice(0, -1).join('')).toBe('It is [secret TOKEN]. And hunted. [secret TOKEN]');
  expect(texts.at(-1)).toBe('It is [secret TOKEN].');
});

test('it is hidden in whatever a tool is given and gives back', () => {
  const hiding = hidingOf({ TOKEN: secret, PIN: '471100' });
  expect(
    hiding.event({ type: 'tool.called', at: 1, data: { id: 't-1', name: 'x', input: { a: [secret], b: 471100 } } }),
  ).toMatchObject([{ data: { id: 't-1', name: 'x', input: { a: ['[secret TOKEN]'], b: '[secret PIN]' } } }]);
  const returned = { id: 't-1', ok: true, truncated: true, output: `${base64} hunter2-hun` };
  expect(hiding.event({ type: 'tool.returned', at: 1, data: returned })).toMatchObject([
    { data: { output: '[secret TOKEN] [secret TOKEN]' } },
  ]);
});

test('it is hidden in the result, the patch and the subjects of commits', () => {
  const git = {
    ...{ branch: 'main', base: 'a', head: 'b', filesChanged: 1, insertions: 1, deletions: 0 },
    commits: [{ id: 'c', subject: `use ${secret}` }],
    patch: `+password = "${secret}"`,
  };
  const result = {
    text: secret,
    structured: { pin: 471100, key: base64 },
    turns: 1,
    usage: noUsage,
    costUsd: 471100,
    git,
  };
  const hidden = hidingOf({ TOKEN: secret, PIN: '471100' }).outcome({ kind: 'succeeded', result });
  expect(hidden).toEqual({
    kind: 'succeeded',
    result: {
      ...result,
      text: '[secret TOKEN]',
      structured: { pin: '[secret PIN]', key: '[secret TOKEN]' },
      git: { ...git, commits: [{ id: 'c', subject: 'use [secret TOKEN]' }], patch: '+password = "[secret TOKEN]"' },
    },
  });
});

test('it is hidden in why an attempt failed', () => {
  const failure = {
    code: 'engine.crashed',
    message: `no ${secret}`,
    lastLines: [`a ${base64}`, 'cut at hunter2-h'],
  } as const;
  expect(hidingOf({ TOKEN: secret }).outcome({ kind: 'failed', failure })).toEqual({
    kind: 'failed',
    failure: {
      code: 'engine.crashed',
      message: 'no [secret TOKEN]',
      lastLines: ['a [secret TOKEN]', 'cut at [secret TOKEN]'],
    },
  });
});

test('what names an event or an outcome stays what it is, even where a secret reads the same', () => {
  const hiding = hidingOf({ A: 'message.text', B: 'succeeded' });
  expect(hiding.event({ type: 'message.text', at: 1, data: { text: 'x' } })).toMatchObject([{ type: 'message.text' }]);
  const result = { text: '', turns: 1, usage: noUsage, costUsd: 0 };
  expect(hiding.outcome({ kind: 'succeeded', result })).toMatchObject({ kind: 'succeeded' });
});

test('a secret that is too short is named', () => {
  expect(hidingOf({ PIN: '123', TOKEN: secret }).warnings(1)).toMatchObject([
    { data: { message: expect.stringMatching(/PIN/) as string } },
  ]);
});
