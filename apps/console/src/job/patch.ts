/** A line of a hunk. */
export interface PatchLine {
  readonly kind: 'same' | 'added' | 'removed' | 'note';
  readonly text: string;
  /** Number in the file before and after, where it is in it. */
  readonly before?: number;
  readonly after?: number;
}

/** Lines that stand together. */
export interface Hunk {
  readonly head: string;
  readonly lines: readonly PatchLine[];
}

/** What a patch does to one file. */
export interface FileChange {
  readonly path: string;
  /** Its path before, if it was another one. */
  readonly from?: string;
  readonly how: 'changed' | 'added' | 'deleted' | 'renamed';
  /** Whether git knows no lines of it. */
  readonly binary: boolean;
  readonly hunks: readonly Hunk[];
  readonly added: number;
  readonly removed: number;
}

/** The files of a patch as `git diff --binary` prints it. What it does not understand it leaves out. */
export function readPatch(patch: string): readonly FileChange[] {
  const starts = [...patch.matchAll(/^diff --git /gm)].map(({ index }) => index);
  return starts.map((start, at) => readFile(patch.slice(start, starts[at + 1]).split('\n')));
}

function readFile(lines: readonly string[]): FileChange {
  const firstHunk = lines.findIndex((line) => line.startsWith('@@ '));
  const head = firstHunk < 0 ? lines : lines.slice(0, firstHunk);
  const hunks = firstHunk < 0 ? [] : readHunks(lines.slice(firstHunk));
  const all = hunks.flatMap((hunk) => hunk.lines);
  const from = renamedFrom(head);
  return {
    path: pathOf(head),
    ...(from === undefined ? {} : { from }),
    how: howOf(head),
    binary: head.some((line) => line.startsWith('GIT binary patch') || line.startsWith('Binary files ')),
    hunks,
    added: all.filter(({ kind }) => kind === 'added').length,
    removed: all.filter(({ kind }) => kind === 'removed').length,
  };
}

function howOf(head: readonly string[]): FileChange['how'] {
  const has = (start: string): boolean => head.some((line) => line.startsWith(start));
  if (has('new file mode')) return 'added';
  if (has('deleted file mode')) return 'deleted';
  return has('rename from') ? 'renamed' : 'changed';
}

const after = (head: readonly string[], start: string): string | undefined =>
  head.find((line) => line.startsWith(start))?.slice(start.length);

const renamedFrom = (head: readonly string[]): string | undefined => {
  const from = after(head, 'rename from ');
  return from === undefined ? undefined : unquoted(from);
};

/** The name after the change; of a deleted file the one before. */
function pathOf(head: readonly string[]): string {
  const renamed = after(head, 'rename to ');
  if (renamed !== undefined) return unquoted(renamed);
  for (const named of [after(head, '+++ '), after(head, '--- ')])
    if (named !== undefined && named !== '/dev/null')
      return unquoted(named)
        .replace(/^[ab]\//, '')
        .replace(/\t$/, '');
  // Without lines there is only the first one, with the same name twice.
  const both = head[0]?.slice('diff --git '.length) ?? '';
  if (both.startsWith('"')) return unquoted(both.slice(0, (both.length - 1) / 2)).replace(/^a\//, '');
  return both.slice(2, (both.length - 1) / 2);
}

/** Git puts names with control characters or bytes beyond ASCII into quotes, byte by byte. */
function unquoted(name: string): string {
  const inside = /^"(.*)"$/s.exec(name)?.[1];
  if (inside === undefined) return name;
  const bytes: number[] = [];
  for (const [part, octal, escaped] of inside.matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else bytes.push(...new TextEncoder().encode(escaped === undefined ? part : (escapes[escaped] ?? escaped)));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function readHunks(lines: readonly string[]): readonly Hunk[] {
  const hunks: { head: string; lines: PatchLine[] }[] = [];
  let [before, next] = [0, 0];
  for (const line of lines) {
    const numbers = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)$/s.exec(line);
    if (numbers) {
      [before, next] = [Number(numbers[1]), Number(numbers[2])];
      hunks.push({ head: line, lines: [] });
      continue;
    }
    const text = line.slice(1);
    const into = hunks.at(-1)?.lines;
    if (line.startsWith('+')) into?.push({ kind: 'added', text, after: next++ });
    else if (line.startsWith('-')) into?.push({ kind: 'removed', text, before: before++ });
    else if (line.startsWith(' ')) into?.push({ kind: 'same', text, before: before++, after: next++ });
    else if (line.startsWith('\\')) into?.push({ kind: 'note', text: text.trim() });
  }
  return hunks;
}
