import { spawn } from 'node:child_process';
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
 * Applies a patch to the working copy in a folder: all of it, or nothing. Rejects with an Error that has git's reasons
 * where it does not fit.
 */
export async function applyPatch(cwd: string, patch: string): Promise<void> {
  const { code, stderr } = await git(cwd, ['apply', '--whitespace=nowarn', '-'], patch);
  if (code !== 0) throw new Error(`The patch does not fit the working copy; nothing was changed.\n${stderr.trimEnd()}`);
}

/** The top folder of the working copy. */
export async function topOf(cwd: string): Promise<string> {
  const { code, stdout } = await git(cwd, ['rev-parse', '--show-toplevel']);
  if (code !== 0) throw new UsageError(`${cwd} is not in a working copy of git.`);
  return stdout.trim();
}
