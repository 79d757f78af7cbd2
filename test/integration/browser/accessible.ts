import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const axe = await readFile(new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** What axe finds, in both themes and as narrow as a phone; and that nothing leads out of the page's sides. */
export async function expectAccessible(page: Page): Promise<void> {
  // What one theme has the other has as well, but for the colours.
  for (const [theme, width, rules] of [
    ['light', 1280, ''],
    ['dark', 390, `{ runOnly: ['color-contrast'] }`],
  ] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 860 });
    // What a test evaluates is not bound by the page's policy.
    if (await page.evaluate('self.axe === undefined')) await page.evaluate(axe);
    const found = await page.evaluate<readonly (readonly unknown[])[]>(
      `axe.run(${rules}).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`,
    );
    expect(found, theme).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), theme).toBeLessThanOrEqual(0);
  }
}
