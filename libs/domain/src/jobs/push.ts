import { isCommitId, refFault } from '../addresses/git-ref.js';
import { readGitUrl } from '../addresses/git-url.js';
import type { PullRequestOutcome, PullRequestWish } from './pull-request.js';

/** Where the bridge pushes a job's commits after it has succeeded. */
export interface GitPush {
  /** A new branch, or one that the job's commits go on from. Default: `remuda/` and the id of the job's session, or its own. */
  readonly branch?: string;
  /** Name of the tenant's secret with the credential: see `readPushCredentials`. */
  readonly credential: string;
  /** What happens to changes that the job has not committed. Default `commit`. */
  readonly uncommitted?: Uncommitted;
  /** The pull request that is opened for the branch. Default: none. */
  readonly pullRequest?: PullRequestWish;
}

export const uncommittedChoices = ['commit', 'leave'] as const;
/** `commit`: they become one last commit, and are pushed with the others; `leave`: they are not pushed. */
export type Uncommitted = (typeof uncommittedChoices)[number];

/** What a job wants done with its repository. */
export interface GitWishes {
  readonly push: GitPush;
}

export const pushFailures = [
  'protected',
  'invalid',
  'too_large',
  'branch_exists',
  'credential',
  'refused',
  'unavailable',
] as const;
/**
 * Why nothing was pushed. `protected`: the branch may not be pushed to; `invalid`: what came from the container is not what
 * it has to be; `branch_exists`: the branch has commits that the job's do not go on from; `credential`: there is none for
 * this repository, or the server does not accept it; `refused`: by the server, for another reason; `unavailable`: the server
 * or the bridge was not reached.
 */
export type PushFailure = (typeof pushFailures)[number];

/** What came of a push. `nothing`: there was no commit to push. */
export interface PushOutcome {
  readonly state: 'pushed' | 'nothing' | 'failed';
  readonly branch: string;
  /** The commit to which the branch points now. */
  readonly commit?: string;
  /** Commits that it has in addition to the job's base. */
  readonly commits?: number;
  /** A page that shows the branch, where the host has one that is known; else the repository. */
  readonly url?: string;
  /** Changes that the job had not committed: they became the last commit, or are not in the branch. */
  readonly uncommitted?: 'committed' | 'left';
  readonly reason?: PushFailure;
  /** What happened, in a sentence, if it was not pushed. */
  readonly message?: string;
  /** Of a push that has succeeded, if the job wants a pull request. */
  readonly pullRequest?: PullRequestOutcome;
}

/** Maximum length of a branch that is pushed to, in characters: hosts refuse longer ones. */
export const maxBranchLength = 200;

/** The branches that are never pushed to, unless the operator names others. */
export const usualProtectedBranches = ['main', 'master'] as const;

/** The branch of a job's push. */
export function pushBranchOf(
  { branch }: GitPush,
  { id, session }: { readonly id: string; readonly session?: string },
): string {
  return branch ?? `remuda/${session ?? id}`;
}

/** What is wrong with the name of a branch to push to, as the rest of a sentence; undefined for a fine one. */
export function branchFault(branch: string): string | undefined {
  if (branch === '' || branch.length > maxBranchLength) return `must have 1 to ${String(maxBranchLength)} characters`;
  if (branch.startsWith('+')) return 'must not begin with a plus sign';
  if (/^refs\//i.test(branch)) return 'must be the name of a branch, without refs/heads/';
  if (isCommitId(branch) || /^HEAD$/i.test(branch)) return 'must be the name of a branch';
  return refFault(branch) === undefined ? undefined : 'must be the name of a branch, as git accepts it';
}

/** The rules by which a branch is protected. */
export interface BranchRules {
  /** Names, in which `*` stands for any characters. */
  readonly protectedNames: readonly string[];
  /** The ref from which the job started; absent for the default branch. */
  readonly ref?: string;
  /** The repository's default branch, where it is known. */
  readonly defaultBranch?: string;
}

/** Why a branch must not be pushed to, as the rest of a sentence; undefined if it may. Case does not count. */
export function protectionOf(branch: string, { protectedNames, ref, defaultBranch }: BranchRules): string | undefined {
  const same = (name: string | undefined): boolean =>
    name !== undefined && name.replace(/^refs\/heads\//, '').toLowerCase() === branch.toLowerCase();
  if (same(ref)) return 'is the ref from which the job started';
  if (same(defaultBranch)) return 'is the default branch of the repository';
  const pattern = protectedNames.find((name) => matches(branch, name));
  return pattern === undefined ? undefined : `is protected by REMUDA_GIT_PROTECTED (${pattern})`;
}

function matches(branch: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'iu').test(branch);
}

/** Reads names of protected branches, separated by commas: `main,release/*`. Throws on what is no name. */
export function readProtectedBranches(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names)
    if (branchFault(name.replaceAll('*', 'x')) !== undefined)
      throw new Error(`expected names of branches, with * for any characters, not ${JSON.stringify(name)}`);
  return names;
}

/** A credential, and the only place where it is used. */
export interface PushCredential {
  /** `https://host:port/path/` that the repository's URL has to begin with. */
  readonly place: string;
  readonly user: string;
  readonly token: string;
}

/**
 * Reads a secret with credentials, one a line: `https://USER:TOKEN@HOST/PATH`, as git's own store has them. Each is used for
 * repositories of that scheme, host and path only. Lines that are none are left out.
 */
export function readPushCredentials(text: string): readonly PushCredential[] {
  return text.split(/\s+/).flatMap((line) => {
    const [, scheme, user, token, authority, path = ''] =
      /^(https?):\/\/([^:@/\s]*):([^@/\s]+)@([^@/?#\s]+)(\/[^?#\s]*)?$/.exec(line) ?? [];
    if (scheme === undefined || authority === undefined || token === undefined) return [];
    const place = `${scheme}://${withoutUsualPort(scheme, authority)}${path.replace(/\/*$/, '/')}`;
    return [{ place, user: decoded(user ?? ''), token: decoded(token) }];
  });
}

/** The credential for a repository; undefined if none is meant for it. */
export function credentialFor(url: string, credentials: readonly PushCredential[]): PushCredential | undefined {
  const [, scheme = '', authority = '', path = ''] = /^(https?):\/\/([^/]+)(\/.*)?$/i.exec(url) ?? [];
  const asked = `${scheme.toLowerCase()}://${withoutUsualPort(scheme, authority)}${path}`;
  // a path that leads elsewhere by dots is no place of anybody's
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|%2f|%5c/i.test(path)) return undefined;
  return credentials.find(({ place }) => asked.startsWith(place) || `${asked}/` === place);
}

/**
 * The URL to push a repository to: itself, or the same path by https where it is fetched by ssh. Undefined where it cannot
 * be pushed to with a token.
 */
export function pushUrlOf(url: string): string | undefined {
  const read = readGitUrl(url);
  if (typeof read === 'string') return undefined;
  if (read.protocol === 'https' || read.protocol === 'http') return url;
  if (read.protocol !== 'ssh') return undefined;
  const path = /^ssh:\/\//i.test(url)
    ? url.replace(/^[^:]*:\/\/[^/]*\/*/, '')
    : url.slice(url.indexOf(':', url.lastIndexOf(']') + 1) + 1);
  const host = read.host.includes(':') ? `[${read.host}]` : read.host;
  return `https://${host}/${path.replace(/^\/+/, '')}`;
}

function withoutUsualPort(scheme: string, authority: string): string {
  return authority.toLowerCase().replace(scheme.toLowerCase() === 'https' ? /:443$/ : /:80$/, '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
