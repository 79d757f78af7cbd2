import { createHash } from 'node:crypto';
import { isCommitId, refFault } from '@remuda/domain';

/** Protocols by which the bridge fetches, in git's own notation. */
export function allowedProtocols(file: boolean): string {
  return ['https', 'http', 'ssh', 'git', ...(file ? ['file'] : [])].join(':');
}

/** Name of the folder of a repository's mirror; the URL itself may hold a password. */
export function mirrorName(url: string): string {
  return `${createHash('sha256').update(url).digest('hex')}.git`;
}

/** What every fetch brings: all branches and tags. */
export const everyBranchAndTag = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'] as const;

/**
 * The refspec that brings a job's ref when it is no branch and no tag: `refs/pull/7/head`, or a commit id that no branch
 * holds. Undefined for names of branches and tags.
 */
export function ownRefspec(ref: string): string | undefined {
  if (isCommitId(ref)) return `+${ref}:refs/remuda/${ref}`;
  return refFault(ref) === undefined && /^refs\/(?!heads\/|tags\/)/.test(ref) ? `+${ref}:${ref}` : undefined;
}

/** The default branch in what `git ls-remote --symref <url> HEAD` prints; undefined when HEAD is none. */
export function defaultBranch(listing: string): string | undefined {
  return /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(listing)?.[1];
}

/** A text of git's without the users and passwords of URLs in it. */
export function withoutPasswords(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//').replace(/[^/@\s'"]+:[^/@\s]*@/g, '');
}
