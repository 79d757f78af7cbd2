import { isUtf8 } from 'node:buffer';
import type { GitOutcome } from '@remuda/domain';
import type { GitFolder } from '../git.js';
import { readCommits, readNumstat, readRaw } from '../git-outcome.js';
import type { OwnGit } from './own-git.js';
import { OwnIndex } from './own-index.js';

/** Maximum size of a patch, in bytes. */
export const maxPatchBytes = 8 * 1024 * 1024;
const maxCommits = 200;
/** Maximum number of paths in one warning. */
const maxNamed = 20;

/** What a job left in its repository, and warnings for a person. */
export interface Collected {
  readonly git?: GitOutcome;
  readonly warnings: readonly string[];
}

/** Compares the files of a workspace with a commit. Rejects if git cannot: then other ways may work. */
export class Comparison {
  readonly #index: OwnIndex;
  readonly #warnings: string[] = [];

  constructor(
    at: GitFolder,
    private readonly git: OwnGit,
    private readonly base: string,
  ) {
    this.#index = new OwnIndex(at, git, base);
  }

  async collect(): Promise<Collected> {
    const head = await this.#head();
    if (head === undefined) this.#warnings.push('The commits of the job are unknown: its HEAD points to none.');
    await this.#index.fill(head ?? this.base);
    this.#warn('The patch does not contain what git could not read:', this.#index.leftOut);
    await this.#warnOfRepositories();
    const stat = readNumstat(await this.git.text(this.#diff('--numstat', '-z')));
    const patch = await this.#patch();
    const branch = (await this.git.text(['symbolic-ref', '--quiet', '--short', 'HEAD']).catch(() => '')).trim();
    return {
      warnings: this.#warnings,
      git: {
        ...{ branch: branch || 'HEAD', base: this.base, head: head ?? this.base },
        ...{ commits: head === undefined ? [] : await this.#commits(head), ...stat },
        ...(patch === undefined ? {} : { patch }),
      },
    };
  }

  async #head(): Promise<string | undefined> {
    const said = await this.git.text(['rev-parse', '--quiet', '--verify', 'HEAD^{commit}']).catch(() => '');
    return said.trim() || undefined;
  }

  async #commits(head: string): Promise<GitOutcome['commits']> {
    const args = ['log', '-z', `--max-count=${String(maxCommits)}`, '--format=%H%n%s', `${this.base}..${head}`];
    try {
      return readCommits(await this.git.text(args));
    } catch {
      this.#warnings.push('The commits of the job are unknown: its history is broken.');
      return [];
    }
  }

  /** The patch; if it is too large, without the largest files, by name. */
  async #patch(): Promise<string | undefined> {
    const before = this.#index.leftOut.length;
    for (let isBinary = false, leaving = 1; ;) {
      const patch = await this.git.run(this.#diff('--binary', '--full-index'), { maxBytes: maxPatchBytes });
      if (patch === undefined) {
        if (!(await this.#leaveLargest(leaving))) return undefined;
        leaving *= 2;
      } else if (isUtf8(patch)) {
        const what = `The patch is larger than ${String(maxPatchBytes)} bytes and does not contain`;
        this.#warn(what, this.#index.leftOut.slice(before));
        return patch.toString('utf8');
      } else if (isBinary) throw new Error('The patch contains text that is not UTF-8.');
      else {
        // A patch travels as JSON: text in another encoding is included in git's binary form instead.
        await this.git.takeAllForBinary();
        isBinary = true;
      }
    }
  }

  /** Whether anything could be left out. */
  async #leaveLargest(count: number): Promise<boolean> {
    const changes = readRaw(await this.git.paths(this.#diff('--raw', '-z', '--no-abbrev')));
    const ids = [...new Set(changes.flatMap(({ blobs }) => blobs))];
    const input = ids.map((id) => `${id}\n`).join('');
    const said = await this.git.run(['cat-file', '--batch-check=%(objectname) %(objectsize)'], { input });
    const sizes = new Map(
      said
        ?.toString('utf8')
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    const sizeOf = (blobs: readonly string[]): number =>
      blobs.reduce((sum, id) => sum + (Number(sizes.get(id)) || 0), 0);
    const largest = changes.toSorted((a, b) => sizeOf(b.blobs) - sizeOf(a.blobs)).slice(0, count);
    await this.#index.leaveOut(largest.map(({ path }) => path));
    return largest.length > 0;
  }

  async #warnOfRepositories(): Promise<void> {
    const changes = readRaw(await this.git.paths(this.#diff('--raw', '-z', '--no-abbrev')));
    const links = changes.filter(({ becomesLink }) => becomesLink).map(({ path }) => path);
    this.#warn('For a repository inside the workspace, the patch contains the commit but not the files:', links);
  }

  #warn(what: string, paths: readonly string[]): void {
    if (paths.length === 0) return;
    const named = paths.slice(0, maxNamed).map((path) => JSON.stringify(Buffer.from(path, 'latin1').toString('utf8')));
    const more = paths.length > named.length ? ` and ${String(paths.length - named.length)} more` : '';
    this.#warnings.push(`${what} ${named.join(', ')}${more}.`);
  }

  #diff(...form: readonly string[]): readonly string[] {
    const plain = ['--no-ext-diff', '--no-textconv', '--no-renames', '--no-color', '--ignore-submodules=none'];
    return ['diff', '--cached', ...plain, ...form, this.base];
  }
}
