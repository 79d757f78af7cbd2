/** How many of a worker's last lines an exit carries. */
export const lastLineCount = 20;

/** Longest line that is kept, in characters. */
const maxLine = 2_000;

/** The last lines of a text, without empty ones; each is cut to a bearable length. */
export function lastLines(text: string, count = lastLineCount): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.slice(-count).map((line) => line.slice(0, maxLine));
}
