import { RemudaError, type Uncommitted } from '@remuda/domain';
import type { GitFolder } from './git.js';
import { OwnGit } from './patch/own-git.js';
import { OwnIndex } from './patch/own-index.js';
import { identity } from './workspace.js';

/** The commits of a job, and how they are packed. */
export interface CommitsAim {
  /** The commit from which the job started. */
  readonly base: string;
  /** What happens to changes that are not committed. */
  readonly uncommitted: Uncommitted;
  /** Message of the commit that is made of them. */
  readonly message: string;
}

/** Commits that can be sent. */
export interface OutgoingCommits {
  readonly head: string;
  /** Changes that the job had not committed. */
  readonly uncommitted?: 'committed' | 'left';
  /** Files that git could not read: they are not in the last commit. */
  readonly leftOut: readonly string[];
  /** A pack with everything that `head` has and `base` has not; to be read once. */
  readonly pack: (signal: AbortSignal) => AsyncIterable<Buffer>;
}

/**
 * Gives a job's commits to `send`, with one more for its uncommitted changes if it wants that; undefined if there is none.
 * Nothing in the repository's configuration is executed, and nothing in the repository is changed. Rejects with
 * `workspace.failed` if the repository is broken, was replaced, or does not go on from `base`.
 */
export async function withCommits<T>(
  at: GitFolder,
  aim: CommitsAim,
  send: (outgoing: OutgoingCommits) => Promise<T>,
): Promise<T | { readonly none: 'clean' | 'left' }> {
  await using own = await OwnGit.make(at, 'all');
  const { base, uncommitted } = aim;
  const head = (await own.text(['rev-parse', '--quiet', '--verify', 'HEAD^{commit}'])).trim();
  await own.run(['merge-base', '--is-ancestor', base, head]).catch(() => {
    throw new RemudaError('workspace.failed', 'The job’s commits do not go on from the commit that it started from.');
  });
  const index = new OwnIndex(at, own, head);
  await index.fill(head);
  const tree = (await own.text(['write-tree'])).trim();
  const isDirty = tree !== (await own.text(['rev-parse', `${head}^{tree}`])).trim();
  const last = isDirty && uncommitted === 'commit' ? await commitTree(own, { tree, head, message: aim.message }) : head;
  if (last === base) return { none: isDirty ? 'left' : 'clean' };
  return await send({
    head: last,
    ...(isDirty ? { uncommitted: last === head ? 'left' : 'committed' } : {}),
    leftOut: index.leftOut.map((path) => Buffer.from(path, 'latin1').toString('utf8')),
    pack: (signal) =>
      own.read(['pack-objects', '--revs', '--stdout', '--quiet', '--delta-base-offset', '--threads=1'], {
        input: `${last}\n^${base}\n`,
        signal,
      }),
  });
}

async function commitTree(
  own: OwnGit,
  { tree, head, message }: { readonly tree: string; readonly head: string; readonly message: string },
): Promise<string> {
  const { 'user.name': name, 'user.email': email } = identity;
  const env = {
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
  };
  const made = await own.run(['commit-tree', '--no-gpg-sign', '-p', head, '-F', '-', tree], { input: message, env });
  return made?.toString('utf8').trim() ?? '';
}
