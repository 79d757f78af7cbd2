import {
  endingRungs,
  isFailureCode,
  type Ended,
  type Failure,
  type FailureCode,
  type GitOutcome,
  type JobResult,
  type Outcome,
  type Usage,
} from '@remuda/domain';
import { readPushOutcome } from '../bridge/push.js';
import { isRecord } from '../reader/json.js';
import { hash } from '../reader/hash.js';
import {
  count,
  flag,
  json,
  lastOf,
  oneOf,
  optional,
  shape,
  span,
  text,
  textUpTo,
  time,
  upTo,
  type Reader,
} from '../reader/shape.js';

/** Maximum length of texts in a job's record, in characters. */
const maxMessage = 16_000;
const maxLine = 2_000;
/** Maximum number of lines, warnings and commits: the last ones are kept. */
const maxLines = 200;

/** Reads token counts. */
export const readUsage: Reader<Usage> = shape({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
});

/** Reads the proof that an attempt has ended. */
export const readEnded: Reader<Ended> = shape({ by: oneOf(endingRungs), processesLeft: count, ms: span });

const summary = {
  branch: text,
  base: text,
  head: text,
  commits: lastOf(maxLines, shape<GitOutcome['commits'][number]>({ id: text, subject: text })),
  filesChanged: count,
  insertions: count,
  deletions: count,
};

/** Reads a job's changes to its repository, without the patch. */
export const readGitSummary: Reader<Omit<GitOutcome, 'patch' | 'push'>> = shape(summary);

const readGit: Reader<GitOutcome> = shape({ ...summary, patch: optional(text), push: optional(readPushOutcome) });

const failureCode: Reader<FailureCode> = (value) =>
  typeof value === 'string' && isFailureCode(value) ? value : undefined;

const readFailure: Reader<Failure> = shape({
  code: failureCode,
  message: textUpTo(maxMessage),
  lastLines: optional(lastOf(maxLines, textUpTo(maxLine))),
  resetAt: optional(time),
});

const readResult: Reader<JobResult> = shape({
  text,
  structured: optional(json),
  turns: count,
  usage: readUsage,
  costUsd: upTo(1e9),
  sessionId: optional(text),
  git: optional(readGit),
  warnings: optional(lastOf(maxLines, textUpTo(maxMessage))),
  ended: optional(readEnded),
});

type Of<K extends Outcome['kind']> = Extract<Outcome, { readonly kind: K }>;

const readers: { readonly [K in Outcome['kind']]: Reader<Of<K>> } = {
  succeeded: shape<Of<'succeeded'>>({
    ...{ kind: oneOf(['succeeded']), result: readResult },
    ...{ holds: optional(hash), keeps: optional(flag) },
  }),
  failed: shape<Of<'failed'>>({ kind: oneOf(['failed']), failure: readFailure, result: optional(readResult) }),
  cancelled: shape<Of<'cancelled'>>({ kind: oneOf(['cancelled']), result: optional(readResult) }),
};

/** Reads an outcome into a fresh one; undefined for anything else. */
export const readOutcome: Reader<Outcome> = (value) => {
  const kind = isRecord(value) ? oneOf(['succeeded', 'failed', 'cancelled'])(value['kind']) : undefined;
  return kind && readers[kind](value);
};
