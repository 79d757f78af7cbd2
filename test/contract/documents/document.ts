import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The text of a file, by its path from the root. */
export function readDocument(path: string): string {
  return readFileSync(root + path, 'utf8');
}

/** The text under each heading of a level, up to the next heading of that level or one above; backticks are left out of its name. */
export function sections(markdown: string, level: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let name: string | undefined;
  for (const line of outsideOfCode(markdown)) {
    const [, marks, title] = /^(#+) (.*)$/.exec(line.heading) ?? [];
    if (marks !== undefined && marks.length <= level)
      name = marks.length === level ? title?.replaceAll('`', '') : undefined;
    else if (name !== undefined) found.set(name, `${found.get(name) ?? ''}${line.text}\n`);
    if (marks?.length === level && name !== undefined) found.set(name, '');
  }
  return found;
}

/** Lines, with what could be a heading; a `#` within a block of code is none. */
function outsideOfCode(markdown: string): readonly { readonly text: string; readonly heading: string }[] {
  let inCode = false;
  return markdown.split('\n').map((text) => {
    if (text.startsWith('```')) inCode = !inCode;
    return { text, heading: inCode ? '' : text };
  });
}

/** The rows of the first table in a text, without its head; the backticks around a whole cell are left out. */
export function tableRows(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => /^\| ?-/.test(line));
  if (head < 0) return [];
  const after = lines.slice(head + 1);
  const end = after.findIndex((line) => !line.startsWith('|'));
  return after.slice(0, end < 0 ? undefined : end).map((line) => {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    return cells.map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1'));
  });
}

/** The blocks of code whose fence says just this (`sh`; not `sh no-test`), in their order. */
export function codeBlocks(markdown: string, fence: string): readonly string[] {
  return [...markdown.matchAll(/^```(.*)\n([^]*?)^```$/gm)].flatMap(([, found, code]) =>
    found === fence && code !== undefined ? [code] : [],
  );
}
