import {
  pushBranchOf,
  type Clock,
  type GitOutcome,
  type GitWishes,
  type NewEvent,
  type PushOutcome,
} from '@remuda/domain';
import type { PushKeeper } from './keepers.port.js';
import { pullRequestWarning, pushWarning } from './push.js';

/** How long a push may take, in ms. */
const pushLimitMs = 300_000;

/** What is to be pushed. */
export interface PushedAim extends GitWishes {
  readonly job: string;
  readonly session: string | undefined;
  readonly token: string;
  readonly base: string;
}

/** Dependencies of pushing. */
export interface PushedParts {
  readonly push?: PushKeeper | undefined;
  /** What is known of the job's changes. */
  readonly git: GitOutcome | undefined;
  readonly clock: Clock;
  readonly tell: (event: NewEvent) => void;
  readonly warn: (message: string) => void;
}

/**
 * Has the commits of a job that has succeeded pushed, and adds what came of it to the job's changes. A push that fails is a
 * warning, never the failure of the job: its work is done, and in the patch.
 */
export async function pushed(
  { push: wish, session, ...aim }: PushedAim,
  { push, git, clock, tell, warn }: PushedParts,
  stop: AbortSignal,
): Promise<{ readonly git: GitOutcome; readonly warnings: readonly string[] }> {
  const branch = pushBranchOf(wish, { id: aim.job, ...(session === undefined ? {} : { session }) });
  const signal = AbortSignal.any([AbortSignal.timeout(pushLimitMs), stop]);
  const outcome = push ? await push.push({ ...aim, push: wish, branch }, signal) : unable(branch);
  const { state, commit, url, pullRequest } = outcome;
  if (state === 'pushed' && commit !== undefined && url !== undefined)
    tell({
      type: 'workspace.pushed',
      at: clock.now(),
      data: { branch, commit, url, ...(pullRequest?.url === undefined ? {} : { pullRequest: pullRequest.url }) },
    });
  const warnings = [pushWarning(outcome), pullRequestWarning(outcome)].filter((each) => each !== undefined);
  warnings.forEach(warn);
  return { git: { ...(git ?? unknownGit(aim.base)), push: outcome }, warnings };
}

const unable = (branch: string): PushOutcome => ({
  ...{ state: 'failed', branch, reason: 'unavailable', message: 'This worker has no way to the bridge for it.' },
});

const unknownGit = (base: string): GitOutcome => ({
  ...{ branch: 'HEAD', base, head: base, commits: [], filesChanged: 0, insertions: 0, deletions: 0 },
});
