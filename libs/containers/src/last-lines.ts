/** How many of a worker's last lines an exit carries. */
export const lastLineCount = 20;

/** Maximum length of a line, in characters. */
const maxLine = 2_000;

/** The last lines of a text, without empty ones; long lines are truncated. */
export function lastLines(text: string, count = lastLineCount): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.slice(-count).map((line) => line.slice(0, maxLine));
}
