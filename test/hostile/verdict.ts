/** What one attack came to. */
export interface Verdict {
  readonly id: string;
  /** Whether the wall held. */
  readonly held: boolean;
  /** What was seen, in one line. */
  readonly evidence: string;
}

const mark = '@@';
const noteMark = '##';

/** The verdicts in what an attack printed. */
export function readVerdicts(output: string): readonly Verdict[] {
  return marked(output, mark).map((line) => JSON.parse(line) as Verdict);
}

/** What else an attack has told the test, all together. */
export function readNotes(output: string): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...marked(output, noteMark).map((line) => JSON.parse(line) as object)) as Record<
    string,
    unknown
  >;
}

function marked(output: string, begin: string): readonly string[] {
  return output.split('\n').flatMap((line) => (line.startsWith(begin) ? [line.slice(begin.length)] : []));
}

/** A verdict that the test itself has come to, from outside of the container. */
export function seen(id: string, held: boolean, evidence: string): Verdict {
  return { id, held, evidence: evidence.replaceAll(/\s+/g, ' ').slice(0, 160) };
}

/** One verdict per attack: it held where every part of it did; else the first part that did not speaks. */
export function merge(verdicts: readonly Verdict[]): ReadonlyMap<string, Verdict> {
  const merged = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    const before = merged.get(verdict.id);
    if (before === undefined || (before.held && !verdict.held)) merged.set(verdict.id, verdict);
  }
  return merged;
}
