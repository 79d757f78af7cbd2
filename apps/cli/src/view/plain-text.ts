/**
 * A text from a job as a terminal may have it: without escape sequences and control characters, which could move the
 * cursor, change the title or paste into the shell. Line ends and tabs stay.
 */
export const plainText = (text: string): string =>
  text
    .replaceAll(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g, '')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');

/** The same in one line of at most so many UTF-16 units. */
export function oneLine(text: string, maxChars: number): string {
  const line = plainText(text).replaceAll(/\s+/g, ' ').trim();
  if (line.length <= maxChars) return line;
  const cut = line.slice(0, maxChars - 1);
  // Half of a pair is no character.
  return `${cut.replace(/[\ud800-\udbff]$/, '')}…`;
}
