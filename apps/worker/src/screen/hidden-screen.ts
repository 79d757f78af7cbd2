/** What frames and breaks the lines of a terminal. */
const layout = /[\s\u2500-\u259f]+/g;

/** Shown instead of a screen on which a secret is broken over lines. */
export const withheld = '(The screen shows a secret of the job and is withheld.)';

/**
 * A screen without the secrets of a job; pure. A terminal breaks long words where its line ends: what would be found only
 * across lines is not shown at all.
 */
export function hiddenScreen(screen: string, hide: (text: string) => string): string {
  const text = hide(screen);
  const joined = text.replace(layout, '');
  return hide(joined) === joined ? text : withheld;
}
