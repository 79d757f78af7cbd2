import { git, readGit, type GitCall, type GitFolder } from '../git.js';
import { ownUser } from '../../runner/local-runner.js';
import { runProgram } from '../../runner/run-program.js';

/** How much of the job's own repository is used: its objects and refs, its objects alone, or nothing. */
export type Trust = 'all' | 'objects' | 'none';

/**
 * Prints the name of the folder that it creates. Next to the files, for disk space; the job's own configuration is not
 * used.
 */
const setUp = `set -eu
chmod u+rwx . 2>/dev/null || :
own=$(mktemp -d ./.remuda-XXXXXXXX)
mkdir -p "$own/objects/info" "$own/info"
printf '/%s/\\n' "\${own#./}" > "$own/info/exclude"
echo 'ref: refs/heads/unknown' > "$own/HEAD"
copy() { [ -L ".git/$1" ] || [ ! -f ".git/$1" ] || cat ".git/$1" >> "$own/$1"; }
if [ "$1" != none ] && [ -d .git/objects ]; then echo ../../.git/objects > "$own/objects/info/alternates"; fi
if [ "$1" != none ]; then copy shallow; copy info/exclude; fi
if [ "$1" = all ] && [ -d .git/refs ] && [ ! -L .git/refs ]; then
  ln -s ../.git/refs "$own/refs"
  copy packed-refs
  ! grep -qxE 'ref: refs/[^[:space:]]+|[0-9a-f]{40}' .git/HEAD 2>/dev/null || cp .git/HEAD "$own/HEAD"
else mkdir "$own/refs"; fi
printf %s "\${own#./}"
`;

/**
 * Our own git folder over a job's files: with its own index, configuration and attributes, which the job cannot
 * influence. It is deleted with everything written to it.
 */
export class OwnGit implements AsyncDisposable {
  readonly #folder: string;

  private constructor(
    private readonly at: GitFolder,
    private readonly name: string,
  ) {
    this.#folder = `${at.folder}/${name}`;
  }

  /** Creates one. Rejects with `workspace.failed` if the folder is not writable. */
  static async make(at: GitFolder, trust: Trust): Promise<OwnGit> {
    const name = await shell(at, setUp, [trust]);
    return new OwnGit(at, name?.toString('utf8') ?? '');
  }

  /** Runs git; undefined if its output was too long. Rejects with `workspace.failed` and git's output. */
  run(args: readonly string[], more: Omit<GitCall, 'args'> = {}): Promise<Buffer | undefined> {
    return git(this.at, this.#call(args, more));
  }

  /** The same, for an output that is too large for memory. */
  read(args: readonly string[], more: Omit<GitCall, 'args' | 'maxBytes' | 'timeoutMs'>): AsyncIterable<Buffer> {
    return readGit(this.at, this.#call(args, more));
  }

  #call(args: readonly string[], more: Omit<GitCall, 'args'>): GitCall {
    const env = {
      GIT_DIR: this.#folder,
      GIT_WORK_TREE: this.at.folder,
      GIT_LITERAL_PATHSPECS: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      // a missing object is not fetched: the repository chooses the remote
      GIT_ALLOW_PROTOCOL: 'none',
      ...more.env,
    };
    return { ...more, args, env };
  }

  /** The same, for text output. */
  async text(args: readonly string[]): Promise<string> {
    return (await this.run(args))?.toString('utf8') ?? '';
  }

  /** The same, for NUL-terminated paths, which may contain any bytes: latin1. */
  async paths(args: readonly string[], more?: Omit<GitCall, 'args'>): Promise<readonly string[]> {
    const output = (await this.run(args, more))?.toString('latin1') ?? '';
    return output.split('\0').filter((path) => path !== '');
  }

  /** From now on every file is treated as binary, whatever the repository's own attributes say. */
  async takeAllForBinary(): Promise<void> {
    await shell(this.at, `printf '* -diff\\n' > "$1/info/attributes"`, [this.name]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await shell(this.at, 'rm -rf -- "$1"', [this.name]).catch(() => undefined);
  }
}

function shell({ folder: cwd, env, runner = ownUser }: GitFolder, script: string, args: readonly string[]) {
  return runProgram({
    ...{ command: '/bin/sh', args: ['-c', script, 'sh', ...args], cwd, env, runner },
    code: 'workspace.failed',
  });
}

/** Prints the arguments that are folders, or lie behind a link. */
const notFiles = `for path; do
  above=$path; found=
  while [ "\${above%/*}" != "$above" ]; do
    above=\${above%/*}
    [ "$above" = . ] || [ ! -L "$above" ] || found=yes
  done
  if [ -n "$found" ] || { [ -d "$path" ] && [ ! -L "$path" ]; }; then printf '%s\\0' "$path"; fi
done
`;

/** Paths that are no longer a file or link of the workspace itself: folders, and what lies behind a link. */
export async function notFilesOf(at: GitFolder, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const { folder: cwd, env, runner = ownUser } = at;
  const output = await runProgram({
    ...{ command: 'xargs', args: ['-0', 'sh', '-c', notFiles, 'sh'], cwd, env, runner },
    input: Buffer.from(paths.map((path) => `./${path}\0`).join(''), 'latin1'),
    code: 'workspace.failed',
  });
  const found = output?.toString('latin1').split('\0') ?? [];
  return new Set(found.map((path) => path.slice(2)));
}
