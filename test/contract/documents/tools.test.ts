import { readFileSync } from 'node:fs';
import { toolRules } from '@remuda/engine';
import { expect, test } from 'vitest';

const text = readFileSync(new URL('../../../docs/tools.md', import.meta.url), 'utf8');

test('docs/tools.md says of every tool what the engine does with it, and why', () => {
  const rows = [...text.matchAll(/^\| `(\w+)` +\| (offered|left out) +\| (.+?) +\|$/gm)].map(([, name, what, why]) => ({
    ...{ name, offered: what === 'offered', why },
  }));
  expect(rows).toEqual(Object.entries(toolRules).map(([name, { offered, why }]) => ({ name, offered, why })));
});
