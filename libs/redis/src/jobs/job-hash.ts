import {
  defaultTenant,
  turnBudget,
  type Failure,
  type FailureCode,
  type FoundJob,
  type JobRecord,
  type JobSpec,
  type JobState,
  type LackingTurn,
  type Start,
  type Steer,
  type TurnOrigin,
  type Usage,
} from '@remuda/domain';
import { readKeptArtifacts, readSnapshot } from '@remuda/protocol';

/** Fields of the Redis hash `job(id)`; all values are text. */
export type JobHash = Readonly<Record<string, string | undefined>>;

/** A job of which there are hash and prompt. */
export function foundJob(id: string, hash: JobHash, prompt: string | null): FoundJob | undefined {
  return hash['state'] && prompt !== null ? { job: readJobHash(id, hash), prompt } : undefined;
}

/** Reads a job's hash. */
export function readJobHash(id: string, hash: JobHash): JobRecord {
  const number = (field: string): number => Number(hash[field] ?? 0);
  return {
    ...{ id, tenant: hash['tenant'] ?? defaultTenant },
    ...optional(hash, 'session', String),
    ...optional(hash, 'turn', Number),
    spec: specOf(hash),
    state: hash['state'] as JobState,
    attempt: number('attempt'),
    failures: number('failures'),
    requeues: number('requeues'),
    ...retriedOf(hash),
    lease: number('lease'),
    times: {
      queuedAt: number('queuedAt'),
      ...optional(hash, 'redrivenAt', Number),
      ...optional(hash, 'requeuedAt', Number),
      ...optional(hash, 'claimedAt', Number),
      ...optional(hash, 'startedAt', Number),
      ...optional(hash, 'firstRequestAt', Number),
      ...optional(hash, 'firstTokenAt', Number),
      ...optional(hash, 'overAt', Number),
    },
    ...optional(hash, 'worker', String),
    ...optional(hash, 'start', (text) => JSON.parse(text) as Start),
    ...optional(hash, 'wakeAt', Number),
    ...optional(hash, 'cancelRequestedAt', Number),
    ...optional(hash, 'failure', (text) => JSON.parse(text) as Failure),
    ...present('snapshot', hash['snapshot'] ? readSnapshot(hash['snapshot']) : undefined),
    ...present('keptArtifacts', hash['keptArtifacts'] ? readKeptArtifacts(hash['keptArtifacts']) : undefined),
    ...present('origin', originOf(hash)),
    ...optional(hash, 'lacks', lackingOf),
    ...optional(hash, 'steers', (text) => JSON.parse(`[${text}]`) as readonly Steer[]),
    ...optional(hash, 'turns', Number),
    ...optional(hash, 'usage', (text) => JSON.parse(text) as Usage),
    ...optional(hash, 'costUsd', Number),
  };
}

/** A turn has no more to spend than its session had when it began. */
function specOf({ spec = '{}', leftMicroUsd }: JobHash): Omit<JobSpec, 'prompt'> {
  const asked = JSON.parse(spec) as Omit<JobSpec, 'prompt'>;
  if (leftMicroUsd === undefined) return asked;
  const maxBudgetUsd = turnBudget(asked.maxBudgetUsd, Number(leftMicroUsd));
  return maxBudgetUsd === undefined ? asked : { ...asked, maxBudgetUsd };
}

/** Reads the turns that a session lacks. */
export const lackingOf = (text: string): readonly LackingTurn[] => JSON.parse(`[${text}]`) as readonly LackingTurn[];

function originOf({ origin, originJob }: JobHash): TurnOrigin | undefined {
  const snapshot = origin ? readSnapshot(origin) : undefined;
  return snapshot && originJob ? { job: originJob, snapshot } : undefined;
}

/** Fields of a job's hash that count its retries after a code. */
export const retriedField = (code: FailureCode): string => `${retriedMark}${code}`;
const retriedMark = 'retried:';

function retriedOf(hash: JobHash): Pick<JobRecord, 'retried'> {
  const counts = Object.entries(hash).flatMap(([field, count]) =>
    field.startsWith(retriedMark) ? [[field.slice(retriedMark.length), Number(count)]] : [],
  );
  return counts.length === 0 ? {} : { retried: Object.fromEntries(counts) as JobRecord['retried'] & object };
}

function optional<K extends string, V>(hash: JobHash, field: K, read: (text: string) => V): { readonly [P in K]?: V } {
  const text = hash[field];
  return text === undefined || text === '' ? {} : ({ [field]: read(text) } as { readonly [P in K]?: V });
}

function present<K extends string, V>(field: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [field]: value } as { readonly [P in K]?: V });
}
