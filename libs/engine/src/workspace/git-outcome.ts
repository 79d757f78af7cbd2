/** One commit of a job. */
export interface Commit {
  readonly id: string;
  readonly subject: string;
}

/** The size of a diff. */
export interface DiffStat {
  readonly filesChanged: number;
  readonly insertions: number;
  readonly deletions: number;
}

/** Parses `git log -z --format=%H%n%s`. */
export function readCommits(log: string): readonly Commit[] {
  return log.split('\0').flatMap((entry) => {
    const [id, subject = ''] = entry.trim().split('\n');
    return id ? [{ id, subject: subject.slice(0, 200) }] : [];
  });
}

/** Parses `git diff --numstat --no-renames -z`. Binary files count as changed, without lines. */
export function readNumstat(numstat: string): DiffStat {
  const rows = numstat
    .split('\0')
    .filter((row) => row !== '')
    .map((row) => row.split('\t'));
  const sum = (column: number): number => rows.reduce((total, row) => total + (Number(row[column]) || 0), 0);
  return { filesChanged: rows.length, insertions: sum(0), deletions: sum(1) };
}

/** One path that a diff changes. */
export interface RawChange {
  /** In latin1. */
  readonly path: string;
  /** Ids of its content before and after, if any. */
  readonly blobs: readonly string[];
  /** Whether it became a nested repository. */
  readonly becomesLink: boolean;
}

/** Parses the parts of `git diff --raw --no-abbrev --no-renames -z`. */
export function readRaw(parts: readonly string[]): readonly RawChange[] {
  return parts.flatMap((part, i) => {
    const path = parts[i + 1];
    if (!part.startsWith(':') || i % 2 === 1 || path === undefined) return [];
    const [from = '', to = '', before = '', after = ''] = part.slice(1).split(' ');
    const blobs = [before, after].filter((id) => !/^0+$/.test(id));
    return [{ path, blobs, becomesLink: to === '160000' && from !== '160000' }];
  });
}
