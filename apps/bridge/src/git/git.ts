import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RemudaError } from '@remuda/domain';
import { withoutPasswords } from './repository.js';

/** How git is run on this host. */
export interface GitRun {
  /** The environment of the host's git: its credential helpers and ssh agent are found by it. */
  readonly env: Readonly<Record<string, string>>;
  /** Longest time one command may take. */
  readonly timeoutMs: number;
  /** Ends what runs. */
  readonly signal: AbortSignal;
}

/** Variables by which git would work elsewhere than it is told to. */
const strayVariables = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
];

/** The environment for git on this host: nobody is asked for a password, and only these protocols are spoken. */
export function gitEnvironment(env: Readonly<Record<string, string>>, protocols: string): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !strayVariables.includes(name));
  return {
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    ...Object.fromEntries(kept),
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: protocols,
    SSH_ASKPASS_REQUIRE: 'never',
  };
}

/** Hooks never run, and nothing is left behind in the background. */
const always = ['-c', 'core.hooksPath=/dev/null', '-c', 'maintenance.auto=false', '-c', 'gc.autoDetach=false'];

const run = promisify(execFile);

/** Runs git in a folder; resolves with what it printed, rejects with `workspace.failed` and git's last lines. */
export async function git(
  folder: string,
  args: readonly string[],
  { env, timeoutMs, signal }: GitRun,
): Promise<string> {
  try {
    const options = {
      cwd: folder,
      env,
      timeout: timeoutMs,
      signal,
      maxBuffer: 16 * 1024 * 1024,
      encoding: 'utf8',
    } as const;
    return (await run('git', [...always, ...args], options)).stdout;
  } catch (error) {
    throw new RemudaError('workspace.failed', whyFailed(error, timeoutMs), { cause: error });
  }
}

function whyFailed(error: unknown, timeoutMs: number): string {
  const { killed, stderr, code } = error as { killed?: boolean; stderr?: string; code?: unknown };
  if (code === 'ENOENT') return 'git is not installed on the host.';
  if (killed) return `git took longer than ${timeoutMs} ms.`;
  const lines = (stderr ?? '').trim().split('\n');
  return withoutPasswords(lines.slice(-3).join(' ')) || 'git failed.';
}
