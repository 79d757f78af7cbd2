import { describe, expect, test } from 'vitest';
import type { JobEvent } from '@remuda/client';
import { dollars, duration } from './amounts.js';
import { liveLine } from './live-view.js';
import { paintFor } from './paint.js';
import { oneLine, plainText } from './plain-text.js';
import { table } from './table.js';

test('amounts have the digits that a person reads', () => {
  expect([0.00314, 0.5, 12.345].map(dollars)).toEqual(['$0.0031', '$0.5000', '$12.35']);
  expect([20, 1_500, 61_000, 7_260_000].map(duration)).toEqual(['20 ms', '1.5 s', '1 min 1 s', '2 h 1 min']);
});

describe('a text from a job', () => {
  test.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['a title', '\u001b]0;title\u0007text', 'text'],
    ['a title that does not end', 'a\u001b]52;c;cm0gLXJm', 'a'],
    ['a bell, a return and 8-bit controls', 'a\u0007b\rc\u009b2Jd', 'abc2Jd'],
    ['lines and tabs', 'a\tb\nc', 'a\tb\nc'],
  ])('cannot steer the terminal: %s', (_, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  test('is cut between characters', () => {
    expect(oneLine('a  b\nc', 10)).toBe('a b c');
    expect(oneLine('abcdef', 4)).toBe('abc…');
    expect(oneLine('ab😀def', 4)).toBe('ab…');
  });
});

test('there are colours on a terminal only, unless the environment says otherwise', () => {
  const terminal = { write: () => true, isTTY: true };
  const file = { write: () => true };
  const coloured = (output: typeof file, env: Record<string, string>) => paintFor(output, env).red('x') !== 'x';
  expect(coloured(terminal, {})).toBe(true);
  expect(coloured(terminal, { NO_COLOR: '1' })).toBe(false);
  expect(coloured(terminal, { TERM: 'dumb' })).toBe(false);
  expect(coloured(file, {})).toBe(false);
  expect(coloured(file, { FORCE_COLOR: '1' })).toBe(true);
});

test('a table has its columns in line, and nothing behind the last one', () => {
  expect(
    table(
      ['id', 'state'],
      [
        ['j-1', 'queued'],
        ['j-100', ''],
      ],
    ),
  ).toBe('ID     STATE\nj-1    queued\nj-100');
});

describe('the live view', () => {
  const paint = paintFor({ write: () => true }, {});
  const line = (event: object) => liveLine({ id: 1, attempt: 1, at: 0, ...event } as JobEvent, paint, 80);

  test('shows a command as it is, and what it gave back in one line', () => {
    const called = { id: 't', name: 'Bash', input: { command: 'ls -la' } };
    expect(line({ type: 'tool.called', data: called })).toBe('● Bash ls -la');
    expect(line({ type: 'tool.returned', data: { id: 't', ok: false, output: 'no\nfile' } })).toBe(
      '  ⎿ failed: no file',
    );
  });

  test('says when an attempt was lost, and leaves out what a person does not need', () => {
    const failure = { code: 'worker.lost', message: 'The worker was lost.' };
    expect(line({ type: 'job.requeued', data: { failure, counted: false } })).toContain('It is queued again.');
    expect(line({ type: 'turn.ended', data: { turns: 1 } })).toBeUndefined();
  });
});
