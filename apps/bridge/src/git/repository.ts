import { createHash } from 'node:crypto';
import { isCommitId, refFault } from '@remuda/domain';

/** Protocols for fetching, in git's own notation. */
export function allowedProtocols(file: boolean): string {
  return ['https', 'http', 'ssh', 'git', ...(file ? ['file'] : [])].join(':');
}

/** Name of the folder of a repository's mirror; the URL itself may contain a password. */
export function mirrorName(url: string): string {
  return `${createHash('sha256').update(url).digest('hex')}.git`;
}

/** What every fetch transfers: all branches and tags. */
export const everyBranchAndTag = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'] as const;

/**
 * The refspec for a job's ref that is neither a branch nor a tag: `refs/pull/7/head`, or the id of a commit that no
 * branch contains. Undefined for names of branches and tags.
 */
export function ownRefspec(ref: string): string | undefined {
  if (isCommitId(ref)) return `+${ref}:refs/remuda/${ref}`;
  return refFault(ref) === undefined && /^refs\/(?!heads\/|tags\/)/.test(ref) ? `+${ref}:${ref}` : undefined;
}

/** The default branch in the output of `git ls-remote --symref <url> HEAD`; undefined if HEAD is not a branch. */
export function defaultBranch(listing: string): string | undefined {
  return /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(listing)?.[1];
}

/** Git's output without the users and passwords in its URLs. */
export function withoutPasswords(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//').replace(/[^/@\s'"]+:[^/@\s]*@/g, '');
}
