import {
  emptyResult,
  RemudaError,
  failureOf,
  type Assignment,
  type Engine,
  type Failure,
  type GitOutcome,
  type JobResult,
  type NewEvent,
  type Outcome,
  type Secrets,
  type Steering,
  type TurnEnd,
} from '@remuda/domain';
import { begin, lackWarnings, type BeginParts } from './begin.js';
import { mayHold, type Hold } from './hold.js';
import { keepTurn } from './keep-turn.js';
import type { EgressKeeper, Kept, OpenEgress, PushKeeper } from './keepers.port.js';
import { pushed } from './pushed.js';
import type { StopReason } from './stop-reason.js';

/** Dependencies of an attempt. */
export interface AttemptParts extends BeginParts {
  /** The bridge token with which the engine was warmed up, before the job arrived. */
  readonly ownToken: string;
  /** The way of the tools to other hosts; absent if the bridge has no listener for it. */
  readonly egress?: EgressKeeper | undefined;
  /** Has commits pushed; absent if the bridge has no listener for it. */
  readonly push?: PushKeeper | undefined;
  /** What is said to the turn while it runs. */
  readonly steering?: Steering;
  /** What is held of a session from turn to turn. */
  readonly hold: Hold;
}

/** How an attempt ended, and what is still to be done once that has been told. */
export interface CarriedOut {
  readonly outcome: Outcome;
  /** Takes the turn's snapshot, from which its session goes on. Never rejects. Absent: there is none, or it was taken. */
  readonly keep?: () => Promise<Kept>;
}

/**
 * Carries out one assignment, and returns its outcome; never rejects. The outcome of a stopped one proves that no
 * process is left. The snapshot of a turn that has succeeded comes behind its outcome, where the assignment allows it.
 */
export async function carryOut(assignment: Assignment, parts: AttemptParts, stop: AbortSignal): Promise<CarriedOut> {
  const { engine, clock, tell } = parts;
  let stoppedAt: number | undefined;
  stop.addEventListener('abort', () => (stoppedAt ??= clock.monotonic()), { once: true });
  try {
    return await attempt(assignment, parts, stop);
  } catch (error) {
    if (!stop.aborted) return { outcome: { kind: 'failed', failure: failureOf(error) } };
    const rest = await engine.endRest();
    if (rest === undefined) return { outcome: stopped(stop) };
    const now = clock.monotonic();
    const ended = { ...rest, ms: Math.round(now - (stoppedAt ?? now)) };
    tell({ type: 'attempt.ended', at: clock.now(), data: ended });
    return { outcome: stopped(stop, { ...emptyResult(), ended }) };
  }
}

async function attempt(assignment: Assignment, parts: AttemptParts, stop: AbortSignal): Promise<CarriedOut> {
  const { spec, bridgeToken = parts.ownToken } = assignment;
  const { engine, workspace, clock, tell } = parts;
  const now = (): number => clock.now();
  const env = environmentOf(assignment);
  // An engine that could not be warmed up before the job gets its second chance now.
  await engine.warm(bridgeToken);
  const isHeld = await takeHeld(assignment, parts);
  const egress = await openEgress(assignment, bridgeToken, parts);
  const way = egress ? { egressProxy: egress.url } : {};
  const tools = { env, ...way };
  const begun = begin(assignment, bridgeToken, { ...parts, isHeld, tools }, stop);
  begun.catch(() => egress?.close());
  const { prompt, base, freshFiles } = await begun;
  const warn = (message: string): void => tell({ type: 'attempt.warned', at: now(), data: { message } });
  const watch = (mayKeep(assignment) ? parts.snapshots : undefined)?.watch({ token: bridgeToken, base, warn });
  const onEvent = (event: NewEvent): void => {
    tell(event);
    watch?.note(event);
    if (event.type === 'session.started') ({ sessionId } = event.data);
  };
  const keepSession = assignment.session !== undefined;
  const holdSession = mayHold(assignment, parts);
  const session = { keepSession, holdSession };
  const beforeSweep = async (): Promise<void> => watch?.stop();
  const { steering } = parts;
  const own = { requestId: assignment.job, beforeSweep, ...(steering ? { steering } : {}) };
  const turn = { ...spec, ...own, prompt, freshFiles, ...session, bridgeToken, ...tools };
  let sessionId: string | undefined;
  const end = await endedTurn(await engine.turn(turn, onEvent, stop).finally(() => egress?.close()), engine, stop);
  await watch?.stop();
  const { git, warnings } = await workspace.collect(spec.workspace, base);
  for (const message of warnings) warn(message);
  if (git) {
    const { patch, ...rest } = git;
    tell({ type: 'workspace.collected', at: now(), data: { git: rest, patchBytes: Buffer.byteLength(patch ?? '') } });
  }
  const { artifacts } = spec;
  const kept = artifacts && (await keepFiles(artifacts, bridgeToken, parts, stop));
  for (const message of kept ?? []) warn(message);
  const keep = async (): Promise<Kept | undefined> => {
    const taken = await keepTurn(end, { token: bridgeToken, base, sessionId }, parts, stop);
    if (taken && 'at' in taken && engine.holding === true && sessionId !== undefined && !stop.aborted)
      parts.hold.keep({ session: assignment.session ?? '', sessionId, at: taken.at, holdMs: spec.holdMs ?? 0 });
    return taken;
  };
  const isBehind = keepsBehind(assignment, end, stop);
  const taken = keepSession && !isBehind ? await keep() : undefined;
  if (taken && 'why' in taken)
    warn(`No snapshot of this turn was stored (${taken.why}): the session does not go on from it.`);
  if (end.ended) tell({ type: 'attempt.ended', at: now(), data: end.ended });
  const all = [...lackWarnings(assignment), ...warnings, ...(kept ?? [])];
  const outcome = outcomeOf(end, stop, git, all);
  if (isBehind && outcome.kind === 'succeeded')
    return { outcome: { ...outcome, keeps: true }, keep: async () => (await keep()) ?? { why: 'it has no session' } };
  if (end.kind !== 'succeeded' || !spec.git || base === undefined) return { outcome };
  const aim = { ...spec.git, job: assignment.job, session: assignment.session, token: bridgeToken, base };
  const result = await pushed(aim, { ...parts, git, warn }, stop);
  return { outcome: outcomeOf(end, stop, result.git, [...all, ...result.warnings]) };
}

/** A snapshot keeps the output of tools, secrets included: of a job that has some none is taken, but a session lives from them. */
const mayKeep = ({ secrets, session }: Assignment): boolean => !secrets || session !== undefined;

/**
 * Whether the snapshot of a turn is taken when its outcome has been told. Commits are pushed after the snapshot, and what came of
 * that is part of the outcome.
 */
function keepsBehind(
  { answerFirst, session, spec }: Assignment,
  { kind }: Pick<TurnEnd, 'kind'>,
  stop: AbortSignal,
): boolean {
  return answerFirst === true && session !== undefined && kind === 'succeeded' && !spec.git && !stop.aborted;
}

/** How long it may take to keep files, in ms: an attempt that has reached its timeout is taken from its worker soon. */
const keepMs = { usual: 120_000, afterDeadline: 5_000 } as const;

/** Keeps the job's artifacts, also after a failure and a timeout; what is cancelled or requeued leaves none. */
async function keepFiles(
  globs: readonly string[],
  token: string,
  { files }: AttemptParts,
  stop: AbortSignal,
): Promise<readonly string[]> {
  if (stop.aborted && stop.reason !== ('deadline' satisfies StopReason)) return [];
  if (!files) return ['No artifacts are kept: this worker has no way to the bridge for them.'];
  const limit = AbortSignal.timeout(stop.aborted ? keepMs.afterDeadline : keepMs.usual);
  return files.keep(globs, token, stop.aborted ? limit : AbortSignal.any([limit, stop]));
}

/** Whether the attempt goes on with the session that is held here; what does not fit is ended and emptied. */
async function takeHeld(assignment: Assignment, { hold, engine, ownToken }: AttemptParts): Promise<boolean> {
  const isHeld = hold.fits(assignment, engine);
  if (!isHeld && hold.session !== undefined) await engine.reset(ownToken);
  hold.drop();
  return isHeld;
}

/** The proxy of the turn's tools, if its job may reach any host. */
async function openEgress(
  assignment: Assignment,
  token: string,
  { egress, clock, tell }: AttemptParts,
): Promise<OpenEgress | undefined> {
  if (assignment.egress !== true) return undefined;
  if (egress)
    return egress.open(token, (data) => {
      tell({ type: 'egress.refused', at: clock.now(), data });
    });
  const message = 'This worker has no way to other hosts: its tools do not reach any.';
  tell({ type: 'attempt.warned', at: clock.now(), data: { message } });
  return undefined;
}

type Stoppable = Exclude<TurnEnd, { readonly kind: 'succeeded' }>;

/** For a turn that was interrupted before it began, this is the proof of its end. */
async function endedTurn(end: TurnEnd, engine: Engine, stop: AbortSignal): Promise<TurnEnd & Pick<Stoppable, 'ended'>> {
  if (end.kind === 'succeeded' || end.ended || !stop.aborted) return end;
  const ended = await engine.endRest();
  return ended ? { ...end, ended } : end;
}

/** The job's secrets, as variables of its tools. Their names are in the record, their values may be gone. */
function environmentOf({ spec, secrets = {}, secretsFault }: Assignment): Secrets {
  if (secretsFault) throw new RemudaError(secretsFault.code, secretsFault.message);
  if ([...(spec.secrets ?? []), ...(spec.namedSecrets ?? [])].every((name) => name in secrets)) return secrets;
  throw new RemudaError('job.secrets_gone', 'The values of its secrets are gone; submit it again with them.');
}

/** Combines the end of the turn with the reason for which it was stopped. */
export function outcomeOf(
  end: TurnEnd & Pick<Stoppable, 'ended'>,
  stop: AbortSignal,
  git: GitOutcome | undefined,
  warnings: readonly string[],
): Outcome {
  const said = end.ended ? { ...(end.result ?? emptyResult()), ended: end.ended } : end.result;
  const result = said && withWorkspace(said, git, warnings);
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
      return failed('worker.drained', 'The worker had to leave before the attempt was over.', partial);
  }
}

function failed(code: Failure['code'], message: string, partial: { readonly result?: JobResult }): Outcome {
  return { kind: 'failed', failure: { code, message }, ...partial };
}
