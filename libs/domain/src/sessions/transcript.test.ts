import { describe, expect, test } from 'vitest';
import { TranscriptWatch, isNewer, type TranscriptFound } from './transcript.js';

const id = (n: number) => `00000000-0000-4000-8000-00000000000${String(n)}`;
const message = (own: object = {}) =>
  JSON.stringify({
    type: 'user',
    message: {},
    uuid: id(1),
    parentUuid: null,
    sessionId: id(9),
    version: '2.1.3',
    ...own,
  });

function look(...lines: readonly string[]): TranscriptFound | { readonly fault: string } {
  const watch = new TranscriptWatch();
  for (const line of lines) {
    const fault = watch.next(line);
    if (fault !== undefined) return { fault };
  }
  return watch.end();
}

describe('a transcript', () => {
  test('has the id of its last message, and the latest version that has written to it', () => {
    const lines = [
      '{"type":"summary","anything":1}',
      message(),
      message({ type: 'assistant', uuid: id(2), parentUuid: id(1), version: '2.1.10' }),
      message({ sessionId: id(8), version: '2.1.9' }),
      '{"type":"of a later version"}',
    ];
    expect(look(...lines)).toEqual({ sessionId: id(8), messages: 3, claudeVersion: '2.1.10', warnings: [] });
  });

  test('that is cut at its end is taken without its last line, and says so', () => {
    const watch = new TranscriptWatch();
    expect([watch.next(message()), watch.isWhole]).toEqual([undefined, true]);
    expect([watch.next('{"type":"assis'), watch.isWhole]).toEqual([undefined, false]);
    expect(watch.end()).toMatchObject({ messages: 1, warnings: ['Its last line is cut, and left out.'] });
  });

  test('that begins within a conversation says so', () => {
    expect(look(message({ parentUuid: id(7) }))).toMatchObject({
      warnings: [expect.stringContaining('begins within')],
    });
    expect(look(`{"type":"attachment","uuid":"${id(7)}"}`, message({ parentUuid: id(7) }))).toMatchObject({
      warnings: [],
    });
  });

  test.each([
    ['nothing', []],
    ['text', ['hello', 'world']],
    ['JSON of something else', ['{"role":"user","content":"hi"}']],
    ['messages without an id of their session', [message({ sessionId: 'mine' }), message({ message: 'hi' })]],
    ['a list', ['[1]', message()]],
    ['a broken line in its middle', [message(), '{"type', message()]],
  ])('is not %s', (_, lines) => {
    expect(look(...lines)).toEqual({ fault: expect.any(String) });
  });
});

test('versions are compared by their numbers', () => {
  expect(isNewer('2.1.10', '2.1.9')).toBe(true);
  expect([isNewer('2.1.9', '2.1.10'), isNewer('2.1.9', '2.1.9'), isNewer('x', '2.1.9'), isNewer('x', 'y')]).toEqual([
    ...[false, false, false, false],
  ]);
  expect([isNewer('2.1.9', undefined), isNewer('3.0.0-beta', '2.9.9')]).toEqual([true, true]);
});
