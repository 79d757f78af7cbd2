import {
  failureOf,
  type Assignment,
  type Failure,
  type GitOutcome,
  type JobResult,
  type NewEvent,
  type Outcome,
  type TurnEnd,
} from '@remuda/domain';
import { begin, type BeginParts } from './begin.js';

/** Why an attempt is ended before its time; the first reason names the end. */
export type StopReason = 'cancel' | 'deadline' | 'drain';

/** What an attempt needs. */
export interface AttemptParts extends BeginParts {
  /** The bridge token that was set before the job came. */
  readonly armed: string;
}

/** Carries out one assignment, and gives its outcome; never rejects. */
export async function carryOut(assignment: Assignment, parts: AttemptParts, stop: AbortSignal): Promise<Outcome> {
  try {
    return await attempt(assignment, parts, stop);
  } catch (error) {
    return stop.aborted ? stopped(stop) : { kind: 'failed', failure: failureOf(error) };
  }
}

async function attempt(assignment: Assignment, parts: AttemptParts, stop: AbortSignal): Promise<Outcome> {
  const { spec, bridgeToken = parts.armed } = assignment;
  const { engine, workspace, now, tell } = parts;
  // An engine that could not be made warm before the job came gets its second chance now.
  if (engine.readiness(spec) === 'cold') await engine.warm();
  const { prompt, base } = await begin(assignment, bridgeToken, parts, stop);
  const warn = (message: string): void => tell({ type: 'attempt.warned', at: now(), data: { message } });
  const watch = parts.snapshots?.watch({ token: bridgeToken, base, warn });
  const onEvent = (event: NewEvent): void => {
    tell(event);
    watch?.note(event);
  };
  const end = await engine.turn({ ...spec, prompt, bridgeToken, env: {} }, onEvent, stop);
  await watch?.stop();
  const { git, warnings } = await workspace.collect(spec.workspace, base);
  for (const message of warnings) warn(message);
  if (git) {
    const { patch, ...rest } = git;
    tell({ type: 'workspace.collected', at: now(), data: { git: rest, patchBytes: Buffer.byteLength(patch ?? '') } });
  }
  return outcomeOf(end, stop, git, warnings);
}

/** What the end of the turn and the reason for which it was stopped make together. */
export function outcomeOf(
  end: TurnEnd,
  stop: AbortSignal,
  git: GitOutcome | undefined,
  warnings: readonly string[],
): Outcome {
  const result = end.result && withWorkspace(end.result, git, warnings);
  if (end.kind === 'succeeded' && result) return { kind: 'succeeded', result };
  if (end.kind === 'failed' && !stop.aborted)
    return { kind: 'failed', failure: end.failure, ...(result ? { result } : {}) };
  return stopped(stop, result);
}

function withWorkspace(result: JobResult, git: GitOutcome | undefined, warnings: readonly string[]): JobResult {
  const all = [...(result.warnings ?? []), ...warnings];
  return { ...result, ...(git ? { git } : {}), ...(all.length > 0 ? { warnings: all } : {}) };
}

function stopped(stop: AbortSignal, result?: JobResult): Outcome {
  const partial = result ? { result } : {};
  switch (stop.reason as StopReason) {
    case 'cancel':
      return { kind: 'cancelled', ...partial };
    case 'deadline':
      return failed('job.timed_out', 'The attempt reached its timeoutMs.', partial);
    case 'drain':
      return failed('worker.lost', 'The worker had to leave before the attempt was over.', partial);
  }
}

function failed(code: Failure['code'], message: string, partial: { readonly result?: JobResult }): Outcome {
  return { kind: 'failed', failure: { code, message }, ...partial };
}
