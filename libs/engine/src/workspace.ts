import { RemudaError, type Workspace } from '@remuda/domain';
import { runAsUser } from './as-user.js';
import { git, gitText, type GitFolder } from './git.js';

/** Where a repository is fetched from. */
export interface Transport {
  /** What git fetches from: a URL, a path, or `ext::…`. It holds no credential that a job may not see. */
  readonly remote: string;
  readonly config?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Longest fetch in ms. Default 5 min. */
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

/** As whom commits are made in a workspace. */
const identity = { 'user.name': 'Claude', 'user.email': 'claude@remuda.invalid' };

/**
 * Fetches and checks out what a job works on; undefined for an empty workspace, where there is nothing to do. The folder
 * must be an empty repository, as a warm engine has it. Rejects with `workspace.failed` and git's own words.
 */
export async function prepareWorkspace(
  at: GitFolder,
  workspace: Workspace,
  transport: Transport,
): Promise<Prepared | undefined> {
  if (workspace.kind === 'empty') return undefined;
  const ref = workspace.ref ?? (await defaultBranch(at, transport));
  if (!isSafeRef(ref)) throw new RemudaError('workspace.failed', `${JSON.stringify(ref)} can't be a ref.`);
  const depth = workspace.depth === undefined ? [] : [`--depth=${String(workspace.depth)}`];
  await git(at, {
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

function callOf({ config, env, timeoutMs = fetchLimitMs, signal }: Transport): object {
  return { timeoutMs, ...(config ? { config } : {}), ...(env ? { env } : {}), ...(signal ? { signal } : {}) };
}

async function defaultBranch(at: GitFolder, transport: Transport): Promise<string> {
  const said = await gitText(at, {
    args: ['ls-remote', '--symref', '--', transport.remote, 'HEAD'],
    ...callOf(transport),
  });
  return /^ref: refs\/heads\/(\S+)\tHEAD/m.exec(said)?.[1] ?? 'HEAD';
}

/** What git takes as the source of a refspec, and nothing that is an option or a pattern. */
export function isSafeRef(ref: string): boolean {
  return (
    /^[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,254}$/.test(ref) &&
    !ref.includes('..') &&
    !ref.includes('@{') &&
    !ref.endsWith('.lock')
  );
}

/** The local branch that a job finds itself on: the ref's own name, or `work` for a commit or `HEAD`. */
export function branchOf(ref: string): string {
  const name = ref.replace(/^refs\/(heads|tags)\//, '');
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(name) || name === 'HEAD' || name.startsWith('refs/') ? 'work' : name;
}

/** Without permission to enter or to write, a folder's own user can't empty it. */
const clear = `chmod -R u+rwX . 2>/dev/null
find . -mindepth 1 -maxdepth 1 -exec rm -rf {} + || exit 1
! command -v git >/dev/null || git init -q --template= -b main .
`;

/** Empties a workspace: what is left is an empty repository, or just a folder where there is no git. Rejects with `workspace.failed`. */
export async function clearWorkspace(at: GitFolder): Promise<void> {
  const env = { ...at.env, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' };
  await runAsUser({
    command: '/bin/sh',
    args: ['-c', clear],
    cwd: at.folder,
    env,
    user: at.user,
    code: 'workspace.failed',
  });
}
