import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../usage-error.js';

/** What a git command printed, and how it ended. */
interface GitEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git in a folder, with a text at its stdin. Rejects with a UsageError where there is no git. */
async function git(cwd: string, args: readonly string[], input = ''): Promise<GitEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...args], { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
    child.on('error', (error) => {
      reject(new UsageError(`git cannot be run: ${error.message}`));
    });
    child.on('close', (code) => {
      resolve({ code: code ?? 1, ...texts });
    });
    // It may end before it has read all.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** The repository that a job clones: its address, and what is checked out. */
export interface Repository {
  readonly url: string;
  /** A branch; a commit's id where none is checked out. */
  readonly ref: string;
}

/** The repository in a folder, as its remote `origin` has it. Rejects with a UsageError where there is none. */
export async function repositoryIn(cwd: string): Promise<Repository> {
  const remote = await git(cwd, ['remote', 'get-url', 'origin']);
  if (remote.code !== 0)
    throw new UsageError(`${cwd} is not in a git repository with a remote "origin"; name one with --repo URL.`);
  const branch = await git(cwd, ['symbolic-ref', '--short', '-q', 'HEAD']);
  const commit = await git(cwd, ['rev-parse', 'HEAD']);
  return { url: remote.stdout.trim(), ref: branch.code === 0 ? branch.stdout.trim() : commit.stdout.trim() };
}

/** How many commits of the checked-out branch its remote does not have: a job does not see them. 0 where nobody knows. */
export async function unpushedIn(cwd: string): Promise<number> {
  const { code, stdout } = await git(cwd, ['rev-list', '--count', '@{upstream}..HEAD']);
  return code === 0 ? Number(stdout) : 0;
}

/**
 * Applies a patch to the working copy in a folder, with `index` also to what is committed next: all of it, or nothing. Rejects with an Error that has git's reasons
 * where it does not fit.
 */
export async function applyPatch(cwd: string, patch: string, { index = false } = {}): Promise<void> {
  const args = ['apply', '--whitespace=nowarn', ...(index ? ['--index'] : []), '-'];
  const { code, stderr } = await git(cwd, args, patch);
  if (code !== 0) throw new Error(`The patch does not fit the working copy; nothing was changed.\n${stderr.trimEnd()}`);
}

/** The top folder of the working copy. */
export async function topOf(cwd: string): Promise<string> {
  const { code, stdout } = await git(cwd, ['rev-parse', '--show-toplevel']);
  if (code !== 0) throw new UsageError(`${cwd} is not in a working copy of git.`);
  return stdout.trim();
}

/**
 * The paths in a folder that git does not ignore, by git's own rules, also where the folder is in no repository or is ignored
 * itself. A repository within it is listed by its own rules. Rejects with a UsageError where git cannot list it.
 */
export async function pathsIn(folder: string): Promise<readonly string[]> {
  const inside = await git(folder, ['rev-parse', '--is-inside-work-tree']);
  const isPartOfOne = inside.code === 0 && (await git(folder, ['check-ignore', '--quiet', '.'])).code !== 0;
  if (isPartOfOne) return listed(folder, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  const none = await mkdtemp(join(tmpdir(), 'remuda-list-'));
  try {
    await done(git(folder, ['init', '--quiet', '--bare', none]), `${folder} cannot be listed`);
    const repository = [`--git-dir=${none}`, `--work-tree=${folder}`];
    return await listed(folder, [...repository, 'ls-files', '-z', '--others', '--exclude-standard']);
  } finally {
    await rm(none, { recursive: true, force: true });
  }
}

async function listed(folder: string, args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await git(folder, args);
  if (code !== 0) throw new UsageError(`${folder} cannot be listed: ${stderr.trimEnd()}`);
  return [...new Set(stdout.split('\0').filter((path) => path !== ''))];
}

/** Who commits, where git knows nobody: the user of GitHub's own workflows. */
const robot = {
  name: 'github-actions[bot]',
  email: '41898282+github-actions[bot]@users.noreply.github.com',
};

/**
 * Commits what is in the index, and pushes it to a branch of `origin`, never by force. Resolves with the commit's id; rejects
 * with git's reasons.
 */
export async function commitAndPush(cwd: string, branch: string, message: string): Promise<string> {
  const checked = await git(cwd, ['check-ref-format', '--branch', branch]);
  if (checked.code !== 0) throw new UsageError(`${JSON.stringify(branch)} is no name of a branch.`);
  const known = await git(cwd, ['config', 'user.email']);
  const who = known.code === 0 ? [] : ['-c', `user.name=${robot.name}`, '-c', `user.email=${robot.email}`];
  await done(git(cwd, [...who, 'commit', '--quiet', '--file=-'], message), 'The patch could not be committed');
  const pushed = git(cwd, ['push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`]);
  await done(pushed, `The commit could not be pushed to ${branch}`);
  return (await git(cwd, ['rev-parse', 'HEAD'])).stdout.trim();
}

async function done(command: Promise<GitEnd>, otherwise: string): Promise<void> {
  const { code, stdout, stderr } = await command;
  if (code !== 0) throw new Error(`${otherwise}.\n${(stderr || stdout).trimEnd()}`);
}
