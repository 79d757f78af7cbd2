import { expect, test } from 'vitest';
import { attacks } from '../../hostile/catalogue.js';
import { readDocument, sections, tableRows } from './document.js';

test('docs/security.md lists every attack of the suite with its wall, and says which are known to work', () => {
  const listed = tableRows(sections(readDocument('docs/security.md'), 2).get('The attacks') ?? '');
  expect(listed).toEqual(attacks.map(({ id, tries, wall, known }) => [id, tries, wall, known ?? 'held']));
});
