import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Where pictures of the pages go, with REMUDA_TEST_PICTURES=1: those of the documents are made so. */
const folder =
  process.env['REMUDA_TEST_PICTURES'] === '1' ? join(import.meta.dirname, '../../../docs/pictures') : undefined;

/** Takes the page in both themes, and leaves it light. Does nothing without REMUDA_TEST_PICTURES. */
export async function takePicture(page: Page, name: string): Promise<void> {
  if (folder === undefined) return;
  // What stands for the model is no part of the picture.
  await page.evaluate(
    `for (const each of document.querySelectorAll('.prompt')) each.textContent = each.textContent.split('SCRIPT:')[0].trim()`,
  );
  await page.mouse.move(0, 0);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
