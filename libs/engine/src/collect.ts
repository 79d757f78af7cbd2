import { isUtf8 } from 'node:buffer';
import { failureOf, type GitOutcome } from '@remuda/domain';
import { runAsUser } from './as-user.js';
import { git, gitText, type GitCall, type GitFolder } from './git.js';
import { readCommits, readFilters, readNumstat, withoutFilters } from './git-outcome.js';

/** Largest patch that is handed on, in bytes. */
export const maxPatchBytes = 8 * 1024 * 1024;
const maxCommits = 200;

/** What a job left in its repository, and what a person should know about it. */
export interface Collected {
  readonly git?: GitOutcome;
  readonly warnings: readonly string[];
}

/**
 * Compares a workspace with the commit that the job started from: its commits, and all that differs, new files included.
 * Nothing that the repository's configuration names is run, and links are compared, not followed. Never rejects: a job
 * may have broken its repository, which is a warning.
 */
export async function collectWorkspace(at: GitFolder, base: string): Promise<Collected> {
  try {
    return await new Comparison(at, base).collect();
  } catch (error) {
    return { warnings: [`The repository could not be compared: ${failureOf(error).message}`] };
  }
}

class Comparison {
  /** An index of our own: the job's stays as it is. */
  readonly #env = {
    GIT_INDEX_FILE: '.git/remuda-index',
    // an object that is missing is not fetched: the remote would be the repository's choice
    GIT_ALLOW_PROTOCOL: 'none',
  };
  #config: Record<string, string> = {};

  constructor(
    private readonly at: GitFolder,
    private readonly base: string,
  ) {}

  async collect(): Promise<Collected> {
    const names = await gitText(this.at, { args: ['config', '--name-only', '-z', '--get-regexp', '^filter\\.'] }).catch(
      () => '',
    );
    this.#config = withoutFilters(readFilters(names));
    await this.#git({ args: ['read-tree', 'HEAD'] });
    await this.#addAll();
    const { patch, warnings } = await this.#patch();
    return {
      warnings,
      git: {
        branch: await gitText(this.at, { args: ['rev-parse', '--abbrev-ref', 'HEAD'] }),
        base: this.base,
        head: await gitText(this.at, { args: ['rev-parse', 'HEAD'] }),
        commits: readCommits(
          await this.#text(['log', '-z', `--max-count=${String(maxCommits)}`, '--format=%H%n%s', `${this.base}..HEAD`]),
        ),
        ...readNumstat(await this.#text(this.#diff('--numstat', '-z'))),
        ...(patch === undefined ? {} : { patch }),
      },
    };
  }

  /**
   * What `add --all` does, without its look into repositories within this one: it would ask each for its state, under its
   * own configuration, and so run its filters.
   */
  async #addAll(): Promise<void> {
    const args = ['ls-files', '-z', '--others', '--modified', '--deleted', '--exclude-standard'];
    const paths = (await this.#git({ args }))?.toString('latin1').replaceAll('/\0', '\0') ?? '';
    const input = Buffer.from(paths, 'latin1');
    await this.#git({ args: ['update-index', '-z', '--add', '--remove', '--replace', '--stdin'], input });
  }

  async #patch(): Promise<{ readonly patch?: string; readonly warnings: readonly string[] }> {
    let patch = await this.#readPatch();
    // A patch travels as JSON: text in another encoding is told in git's binary form instead.
    if (patch !== undefined && !isUtf8(patch)) patch = await this.#readPatch(await this.#allBinary());
    if (patch === undefined)
      return { warnings: [`The patch is larger than ${String(maxPatchBytes)} bytes and was left out.`] };
    if (!isUtf8(patch)) return { warnings: ['The patch holds text that is not UTF-8 and was left out.'] };
    return { patch: patch.toString('utf8'), warnings: [] };
  }

  #readPatch(config?: Readonly<Record<string, string>>): Promise<Buffer | undefined> {
    const args = this.#diff('--binary', '--full-index');
    return this.#git({ args, maxBytes: maxPatchBytes, ...(config ? { config } : {}) });
  }

  /** Configuration by which every file is taken for binary, unless the repository's own attributes say otherwise. */
  async #allBinary(): Promise<Readonly<Record<string, string>>> {
    const { folder: cwd, env, user } = this.at;
    const path = '.git/remuda-attributes';
    const args = ['-c', `printf '* -diff\n' > ${path}`];
    await runAsUser({ command: '/bin/sh', args, cwd, env, user, code: 'workspace.failed' });
    return { 'core.attributesFile': `${cwd}/${path}` };
  }

  #diff(...form: readonly string[]): readonly string[] {
    return [
      'diff',
      '--cached',
      '--no-ext-diff',
      '--no-textconv',
      '--no-renames',
      '--no-color',
      '--ignore-submodules=none',
      ...form,
      this.base,
    ];
  }

  async #text(args: readonly string[]): Promise<string> {
    return (await this.#git({ args }))?.toString('utf8') ?? '';
  }

  #git(call: GitCall): Promise<Buffer | undefined> {
    return git(this.at, { ...call, config: { ...this.#config, ...call.config }, env: this.#env });
  }
}
