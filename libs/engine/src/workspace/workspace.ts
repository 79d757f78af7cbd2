import { isCommitId, RemudaError, refFault, type Workspace } from '@remuda/domain';
import { bridgeRefusal } from '@remuda/protocol';
import { git, gitText, type GitCall, type GitFolder } from './git.js';
import { ownUser } from '../runner/local-runner.js';
import { runProgram } from '../runner/run-program.js';

/** Where a repository is fetched from. */
export interface Transport {
  /** The source for git: a URL, a path, or `ext::…`. It contains no credential that a job may not see. */
  readonly remote: string;
  readonly config?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Timeout of the fetch in ms. Default 5 min. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What was put into a workspace. */
export interface Prepared {
  /** The commit that the job starts from. */
  readonly commit: string;
  readonly branch: string;
}

const fetchLimitMs = 300_000;

/** Author of commits in a workspace. */
export const identity = { 'user.name': 'Claude', 'user.email': 'claude@remuda.invalid' };

/**
 * Fetches and checks out a job's repository; undefined for an empty workspace, which needs nothing. The folder must be
 * an empty repository, as a warm engine has it. Rejects with git's output: with `workspace.failed`, or with
 * `workspace.unavailable` for a transient fault.
 */
export async function prepareWorkspace(
  at: GitFolder,
  workspace: Workspace,
  transport: Transport,
): Promise<Prepared | undefined> {
  if (workspace.kind !== 'git') return undefined;
  const ref = workspace.ref ?? (await defaultBranch(at, transport));
  const fault = refFault(ref);
  if (fault !== undefined) throw new RemudaError('workspace.failed', `The ref ${JSON.stringify(ref)} ${fault}.`);
  const depth = workspace.depth === undefined ? [] : [`--depth=${String(workspace.depth)}`];
  await fetching(at, {
    args: [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-recurse-submodules',
      '--no-write-fetch-head',
      ...depth,
      '--',
      transport.remote,
      `+${ref}:refs/remuda/base`,
    ],
    ...callOf(transport),
  });
  const branch = branchOf(ref);
  await git(at, {
    args: ['checkout', '--quiet', '--force', '-B', branch, 'refs/remuda/base^{commit}'],
    timeoutMs: fetchLimitMs,
  });
  for (const [key, value] of Object.entries(identity)) await git(at, { args: ['config', '--local', key, value] });
  return { commit: await gitText(at, { args: ['rev-parse', 'HEAD'] }), branch };
}

function callOf({ config, env, timeoutMs = fetchLimitMs, signal }: Transport): Omit<GitCall, 'args'> {
  return { timeoutMs, ...(config ? { config } : {}), ...(env ? { env } : {}), ...(signal ? { signal } : {}) };
}

async function defaultBranch(at: GitFolder, transport: Transport): Promise<string> {
  const said = await fetching(at, {
    args: ['ls-remote', '--symref', '--', transport.remote, 'HEAD'],
    ...callOf(transport),
  });
  return /^ref: refs\/heads\/(\S+)\tHEAD/m.exec(String(said))?.[1] ?? 'HEAD';
}

/** Git's messages if the connection to the repository failed, or the bridge reported that: transient. */
const unavailable = new RegExp(
  [
    bridgeRefusal.git,
    'git-connect: cannot reach',
    'hung up unexpectedly',
    'early EOF',
    'unexpected disconnect',
    'SIGKILL',
  ].join('|'),
);

/** Runs git over the transport. Rejects with `workspace.unavailable` for a transient fault. */
async function fetching(at: GitFolder, call: GitCall): Promise<Buffer | undefined> {
  try {
    return await git(at, call);
  } catch (error) {
    if (!(error instanceof RemudaError) || call.signal?.aborted === true || !unavailable.test(error.message))
      throw error;
    throw new RemudaError('workspace.unavailable', error.message, { cause: error });
  }
}

/** The job's local branch: the ref's own name, or `work` for a commit or `HEAD`. */
export function branchOf(ref: string): string {
  const name = ref.replace(/^refs\/(heads|tags)\//, '');
  return isCommitId(name) || name === 'HEAD' || name.startsWith('refs/') ? 'work' : name;
}

/** Without permission to enter or write, even the owner cannot empty a folder. */
const clear = `chmod -R u+rwX . 2>/dev/null
find . -mindepth 1 -maxdepth 1 -exec rm -rf {} + || exit 1
! command -v git >/dev/null || git init -q --template= -b main .
`;

/**
 * Empties a workspace: an empty repository is left, or just a folder if there is no git. Rejects with
 * `workspace.failed`.
 */
export async function clearWorkspace(at: GitFolder): Promise<void> {
  const env = { ...at.env, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' };
  await runProgram({
    runner: at.runner ?? ownUser,
    command: '/bin/sh',
    args: ['-c', clear],
    cwd: at.folder,
    env,
    code: 'workspace.failed',
  });
}
