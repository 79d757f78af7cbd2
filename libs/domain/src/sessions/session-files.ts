/** A file of a session: its path from the workspace's folder on, and its size. */
export interface SessionFile {
  readonly path: string;
  readonly bytes: number;
}

/** A part of a list of files, in the order of their paths. */
export interface SessionFilePart {
  readonly files: readonly SessionFile[];
  /** Path of the last one, if more follow. */
  readonly next?: string;
}

/** Longest path that Linux takes, in characters. */
const maxPathLength = 4_096;

/** What is wrong with a path of a file that a client asks for; undefined if it can be one. */
export function filePathFault(path: string): string | undefined {
  if (path.length > maxPathLength) return `must have at most ${String(maxPathLength)} characters`;
  if (path.includes('\0')) return 'must not have a NUL character';
  const parts = path.split('/');
  if (parts.includes('..')) return 'must not have ..';
  if (parts.some((part) => part === '' || part === '.'))
    return 'must be the path of a file from the workspace on, as in the list of files: src/main.ts';
  return undefined;
}

/** The path of a packed file as lists have it; undefined for the workspace itself, and for what would lie elsewhere. */
export function pathInWorkspace(packed: string): string | undefined {
  const path = packed.replace(/^(\.\/+)+/, '').replace(/\/+$/, '');
  return path === '.' || filePathFault(path) !== undefined ? undefined : path;
}

/** Whether a file is one of git's own, which lists leave out. */
export function isOfGit(path: string): boolean {
  return path.split('/').includes('.git');
}

/** Collects one part of a list from files in any order; holds few more than it gives. */
export class SessionFileList {
  #files: SessionFile[] = [];
  #hasMore = false;

  /** Files whose paths come after this one, at most so many. */
  constructor(
    private readonly after: string,
    private readonly limit: number,
  ) {}

  add(file: SessionFile): void {
    if (file.path <= this.after) return;
    this.#files.push(file);
    if (this.#files.length >= 2 * this.limit + 1_000) this.#cut();
  }

  part(): SessionFilePart {
    this.#cut();
    const last = this.#files.at(-1);
    return { files: this.#files, ...(this.#hasMore && last ? { next: last.path } : {}) };
  }

  #cut(): void {
    const sorted = this.#files.sort((a, b) => (a.path < b.path ? -1 : 1));
    this.#hasMore ||= sorted.length > this.limit;
    this.#files = sorted.slice(0, this.limit);
  }
}
