import { describe, expect, test } from 'vitest';
import { readDocument, sections, tableRows } from './document.js';

const fromTo = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The requirements of each design. */
const lines = {
  S0: fromTo(1, 52),
  S1: fromTo(1, 54),
  S2: fromTo(1, 152),
  S3: fromTo(1, 41),
  S4: fromTo(1, 38),
} as const;

const chapters = [...sections(readDocument('docs/sources.md'), 2)];

/** Numbers of lines: `03 to 05, 15`. */
function numbers(text: string): readonly number[] {
  return text.split(', ').flatMap((part) => {
    const [first = 0, last = first] = part.split(' to ').map(Number);
    return fromTo(first, last);
  });
}

describe.each(Object.entries(lines))('docs/sources.md, %s', (design, wanted) => {
  const [, text = ''] = chapters.find(([title]) => title.startsWith(`${design}:`)) ?? [];
  const rows = tableRows(text);

  test('has each line once', () => {
    const found = rows.flatMap(([which = '']) => numbers(which)).toSorted((a, b) => a - b);
    expect(found).toEqual(wanted);
  });

  test('names tests that are there', () => {
    for (const [which, , , shown = ''] of rows) {
      const [, path, title] = /^`?(test\/[\w/.-]+|[\w/.-]+\.test\.ts)`?(?:: (.*))?$/.exec(shown) ?? [];
      if (path !== undefined) expect(readDocument(path), `${which ?? ''}: ${path}`).toContain(title ?? 'test');
      else expect(shown, which).toMatch(/^(–|open.*|bench|not run by a test)$/);
    }
  });
});
