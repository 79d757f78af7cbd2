import { failureOf } from '@remuda/domain';
import type { GitFolder } from '../git.js';
import { notFilesOf, type OwnGit } from './own-git.js';

/** Maximum number of paths that are tried one by one if git cannot take them together. */
const maxTries = 64;

/** An index of the workspace: made from a commit, and updated from the files. */
export class OwnIndex {
  /** Paths that git could not read: the index has their base version. In latin1. */
  readonly leftOut: string[] = [];
  #tries = 0;
  /** The job's own index, if it is readable. */
  readonly #jobs: Readonly<Record<string, string>>;

  constructor(
    private readonly at: GitFolder,
    private readonly git: OwnGit,
    private readonly base: string,
  ) {
    this.#jobs = { GIT_INDEX_FILE: `${at.folder}/.git/index` };
  }

  /** Adds all differences from `tree` to the index. */
  async fill(tree: string): Promise<void> {
    await this.git.run(['read-tree', tree]);
    const changed = await this.#changed();
    const files = changed.filter(({ link }) => !link).map(({ path }) => path);
    const gone = await notFilesOf(this.at, files);
    // a file that became a folder blocks its contents
    await this.#feed(['--force-remove'], files);
    const kept = changed.map(({ path }) => path).filter((path) => !gone.has(path));
    const failed = await this.#take([...new Set([...kept, ...(await this.#others(tree))])]);
    await this.leaveOut(failed);
  }

  /** Resets paths of the index to their base version, as far as there is room. */
  async leaveOut(paths: readonly string[]): Promise<void> {
    this.leftOut.push(...paths);
    if (paths.length === 0) return;
    await this.#feed(['--force-remove'], paths);
    const wanted = new Set(paths);
    for (const entry of await this.git.paths(['ls-tree', '-rz', '--full-tree', this.base]))
      if (wanted.has(entry.slice(entry.indexOf('\t') + 1)))
        await this.git
          .run(['update-index', '-z', '--index-info'], { input: Buffer.from(`${entry}\0`, 'latin1') })
          .catch(() => undefined);
  }

  /** Tracked paths whose files differ or are gone; `link` marks a nested repository. */
  async #changed(): Promise<readonly { readonly path: string; readonly link: boolean }[]> {
    const entries = await this.git.paths(['ls-files', '-z', '--stage', '--modified', '--deleted']);
    const byPath = new Map(
      entries.map((entry) => [entry.slice(entry.indexOf('\t') + 1), entry.startsWith('160000')] as const),
    );
    const unwanted = await this.#notCheckedOut();
    return [...byPath].flatMap(([path, link]) => (unwanted.has(path) ? [] : [{ path, link }]));
  }

  /** Missing files that a sparse checkout excludes. */
  async #notCheckedOut(): Promise<ReadonlySet<string>> {
    const gone = await this.git.paths(['ls-files', '-z', '--deleted']);
    if (gone.length === 0) return new Set();
    const tagged = await this.git.paths(['ls-files', '-z', '-t'], { env: this.#jobs }).catch(() => []);
    const skipped = new Set(tagged.flatMap((entry) => (entry.startsWith('S ') ? [entry.slice(2)] : [])));
    return new Set(gone.filter((path) => skipped.has(path)));
  }

  /** New files, and ignored files that the job itself added. */
  async #others(tree: string): Promise<readonly string[]> {
    const untracked = await this.git.paths(['ls-files', '-z', '--others', '--exclude-standard']);
    const args = ['diff', '--cached', '--name-only', '-z', '--no-renames', '--diff-filter=A', tree];
    const staged = await this.git.paths(args, { env: this.#jobs }).catch(() => []);
    return [...untracked.map((path) => path.replace(/\/$/, '')), ...staged];
  }

  /** Adds all paths together; if git cannot, those that it can, and returns the others. */
  async #take(paths: readonly string[]): Promise<readonly string[]> {
    try {
      await this.#feed(['--add', '--remove', '--replace'], paths);
      return [];
    } catch (error) {
      if (failureOf(error).message.includes('SIGKILL')) throw error;
      if (paths.length === 1 || ++this.#tries > maxTries) return paths;
      const half = paths.length >> 1;
      return [...(await this.#take(paths.slice(0, half))), ...(await this.#take(paths.slice(half)))];
    }
  }

  async #feed(flags: readonly string[], paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
    await this.git.run(['update-index', '-z', ...flags, '--stdin'], { input });
  }
}
