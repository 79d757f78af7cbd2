import { RemudaError, type PushFailure } from '@remuda/domain';
import type { Quarantine } from './quarantine.js';
import { PushRefusal } from './refusal.js';
import type { Remote } from './remote.js';

/**
 * Pushes one commit to one branch, without force, hooks, tags or submodules. Rejects with a `PushRefusal`.
 */
export async function sendCommits(
  quarantine: Pick<Quarantine, 'git'>,
  { url, env, hide }: Remote,
  { branch, head }: { readonly branch: string; readonly head: string },
): Promise<void> {
  const options = ['--quiet', '--no-verify', '--no-signed', '--no-follow-tags', '--recurse-submodules=no'];
  try {
    await quarantine.git(['push', ...options, '--', url, `${head}:refs/heads/${branch}`], { env });
  } catch (error) {
    if (!(error instanceof RemudaError)) throw error;
    const said = [error.message, ...(error.extra.lastLines ?? [])].join('\n');
    const reason = reasonOf(said, error.code === 'workspace.unavailable');
    const words = sentences[reason] ?? error.message.slice(0, 1_000);
    const server = reason === 'refused' ? serverWords(said) : '';
    throw new PushRefusal(reason, hide(words + server));
  }
}

const sentences: Partial<Record<PushFailure, string>> = {
  branch_exists: 'The branch exists, and has commits that the job’s do not go on from.',
  credential: 'The server does not accept the credential for a push.',
  refused: 'The server refuses the push.',
};

/** Git's words of a push that failed, as a reason. */
function reasonOf(said: string, isTrouble: boolean): PushFailure {
  if (/\[rejected\]|non-fast-forward|fetch first/.test(said)) return 'branch_exists';
  if (
    /Authentication failed|could not read (Username|Password)|returned error: (401|403)|Permission to .* denied|not found/i.test(
      said,
    )
  )
    return 'credential';
  if (/\[remote rejected\]|pre-receive hook declined|protected branch/i.test(said)) return 'refused';
  return isTrouble ? 'unavailable' : 'refused';
}

/** What the server itself says of a refusal. */
function serverWords(said: string): string {
  const lines = said
    .split('\n')
    .flatMap((line) => /^(?:remote: |.*\[remote rejected\] )\s*(\S.*)$/.exec(line)?.slice(1) ?? []);
  return lines.length === 0 ? '' : ` It says: ${[...new Set(lines)].join(' ').slice(0, 1_000)}`;
}
