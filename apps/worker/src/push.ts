import { failureOf, type PushOutcome } from '@remuda/domain';
import { withCommits, type GitFolder, type OutgoingCommits } from '@remuda/engine';
import type { PushAim, PushKeeper } from './keepers.port.js';
import type { SnapshotClient } from './snapshot-client.js';

/** Sends a job's commits to the bridge, which pushes them. */
export class Push implements PushKeeper {
  constructor(
    private readonly client: SnapshotClient,
    private readonly at: GitFolder,
  ) {}

  async push(aim: PushAim, signal: AbortSignal): Promise<PushOutcome> {
    const { push, branch, base, job } = aim;
    try {
      const { uncommitted = 'commit' } = push;
      const message = `Changes of the job ${job}\n`;
      const sent = await withCommits(this.at, { base, uncommitted, message }, (outgoing) =>
        this.#send(aim, outgoing, signal),
      );
      return 'none' in sent ? nothingOf(branch, sent.none) : sent;
    } catch (error) {
      const message = signal.aborted ? 'it took too long, or the attempt was stopped' : failureOf(error).message;
      return failed(
        branch,
        signal.aborted ? 'unavailable' : 'invalid',
        `The job’s commits could not be sent: ${message}`,
      );
    }
  }

  async #send({ branch, base, token }: PushAim, outgoing: OutgoingCommits, signal: AbortSignal): Promise<PushOutcome> {
    const { head, uncommitted, leftOut } = outgoing;
    const answer = await this.client
      .putCommits(
        token,
        { base, head, ...(uncommitted === 'committed' ? { isMade: true } : {}) },
        outgoing.pack(signal),
        signal,
      )
      .catch((error: unknown) => {
        signal.throwIfAborted();
        return failed(branch, 'unavailable', `The bridge was not reached: ${failureOf(error).message}`);
      });
    const told =
      typeof answer === 'number' ? failed(branch, 'unavailable', `The bridge answered ${String(answer)}.`) : answer;
    const unread = leftOut.length === 0 ? {} : { message: unreadText(leftOut) };
    return { ...(told.state === 'pushed' ? unread : {}), ...told, ...(uncommitted ? { uncommitted } : {}) };
  }
}

const failed = (branch: string, reason: NonNullable<PushOutcome['reason']>, message: string): PushOutcome => ({
  ...{ state: 'failed', branch, reason, message },
});

function nothingOf(branch: string, none: 'clean' | 'left'): PushOutcome {
  const message =
    none === 'clean'
      ? 'The job has changed nothing.'
      : 'The job has committed nothing; its changes are in the patch only, as push.uncommitted says.';
  return { state: 'nothing', branch, message, ...(none === 'left' ? { uncommitted: 'left' } : {}) };
}

const unreadText = (paths: readonly string[]): string =>
  `Files that git could not read are not in the last commit: ${paths
    .slice(0, 20)
    .map((path) => JSON.stringify(path))
    .join(', ')}.`;

/** What a person is to be warned of; undefined if everything was pushed. */
export function pushWarning({ state, branch, message, uncommitted }: PushOutcome): string | undefined {
  if (state === 'failed') return `Nothing was pushed to ${branch}: ${message ?? 'no reason given'}`;
  if (state === 'nothing') return `Nothing was pushed to ${branch}. ${message ?? ''}`.trim();
  if (uncommitted === 'left') return `What the job had not committed was not pushed to ${branch}; it is in the patch.`;
  return message;
}

/** What a person is to be warned of although everything was pushed; undefined if there is a pull request, or was to be none. */
export function pullRequestWarning({ branch, pullRequest }: PushOutcome): string | undefined {
  if (pullRequest?.state !== 'failed') return undefined;
  return `The commits are on ${branch}, but no pull request was opened: ${pullRequest.message ?? 'no reason given'}`;
}
