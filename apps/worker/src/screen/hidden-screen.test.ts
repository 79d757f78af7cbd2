import { expect, test } from 'vitest';
import { hidingOf } from '../hiding/hiding.js';
import { hiddenScreen, withheld } from './hidden-screen.js';

const { text: hide } = hidingOf({ TOKEN: 'sk-0123456789abcdef' });

test('a secret on a screen is replaced, and nothing else', () => {
  const shown = hiddenScreen('│ echo sk-0123456789abcdef │\n❯ next', hide);
  expect(shown).not.toContain('sk-0123456789abcdef');
  expect(shown).toContain('❯ next');
  expect(hiddenScreen('│ nothing │', hide)).toBe('│ nothing │');
});

test.each(['│ echo sk-01234567 │\n│ 89abcdef         │', 'sk-01234\n56789abcdef'])(
  'a screen on which a secret is broken over lines is withheld: %j',
  (screen) => {
    expect(hiddenScreen(screen, hide)).toBe(withheld);
  },
);
