import {
  isCommitId,
  pullRequestFailures,
  pushFailures,
  type PullRequestOutcome,
  type PushOutcome,
} from '@remuda/domain';
import { isUnderstood, messageFormats } from '../format.js';
import { isRecord, parseJson } from '../reader/json.js';
import { count, oneOf, optional, shape, text, textUpTo, type Reader } from '../reader/shape.js';

/**
 * At the bridge's snapshot listener, `PUT /push` with a note in this header pushes the body, a pack with the commits from
 * `base` to `head`, to the branch of the token's job. The answer is a `PushOutcome` as JSON.
 */
export const pushPath = '/push';
export const pushNoteHeader = 'x-remuda-push';

/** What a worker says of the commits that it sends. */
export interface PushNote {
  /** The commit from which the job started. */
  readonly base: string;
  readonly head: string;
  /** The last commit was made of what the job had not committed. */
  readonly isMade?: boolean;
}

/** Writes a worker's note of a push. */
export function encodePushNote({ base, head, isMade }: PushNote): string {
  return JSON.stringify({ v: messageFormats.own, base, head, isMade });
}

/** Reads a worker's note of a push; undefined for anything else. It comes from a container. */
export function readPushNote(written: string): PushNote | undefined {
  const value = parseJson(written);
  if (!isRecord(value) || !isUnderstood(value['v'])) return undefined;
  const { base, head, isMade } = value;
  return isCommit(base) && isCommit(head) ? { base, head, ...(isMade === true ? { isMade } : {}) } : undefined;
}

const isCommit = (value: unknown): value is string => typeof value === 'string' && isCommitId(value);

/** Maximum length of texts about a push, in characters. */
const maxMessage = 4_000;

/** Reads what came of a push. */
export const readPushOutcome: Reader<PushOutcome> = shape<PushOutcome>({
  state: oneOf(['pushed', 'nothing', 'failed']),
  branch: textUpTo(maxMessage),
  commit: optional(text),
  commits: optional(count),
  url: optional(textUpTo(maxMessage)),
  uncommitted: optional(oneOf(['committed', 'left'])),
  reason: optional(oneOf(pushFailures)),
  message: optional(textUpTo(maxMessage)),
  pullRequest: optional(
    shape<PullRequestOutcome>({
      state: oneOf(['opened', 'updated', 'failed']),
      url: optional(textUpTo(maxMessage)),
      number: optional(count),
      reason: optional(oneOf(pullRequestFailures)),
      message: optional(textUpTo(maxMessage)),
    }),
  ),
});
