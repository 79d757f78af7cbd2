import {
  RemudaError,
  failureOf,
  type Again,
  type Assignment,
  type Clock,
  type Engine,
  type NewEvent,
  type Snapshot,
  type Turn,
} from '@remuda/domain';
import type { FileKeeper, SnapshotKeeper, SnapshotSource, ToolsEnvironment, WorkspaceKeeper } from './keepers.port.js';

/** Dependencies of beginning an attempt. */
export interface BeginParts {
  readonly engine: Engine;
  readonly workspace: WorkspaceKeeper;
  /** Absent if the bridge has no snapshot listener. */
  readonly snapshots?: SnapshotKeeper | undefined;
  /** Absent if the bridge has no such listener. */
  readonly files?: FileKeeper | undefined;
  readonly clock: Clock;
  readonly tell: (event: NewEvent) => void;
}

/** State at the beginning of a turn. */
export interface Begun {
  readonly prompt: string;
  /** The base commit of the job's patch. */
  readonly base: string | undefined;
  /** Whether files were put into the workspace. */
  readonly freshFiles: boolean;
}

type Restart = Extract<Again, { kind: 'restart' }> & { readonly message?: string };

/**
 * Prepares the turn: if the attempt resumes a session, restores that and its workspace; otherwise, or if that fails, an
 * empty session and the job's own files. Reports which of the two, if there was a choice. A further turn of a session
 * takes up what the one before has left, and rejects with `session.lost` if that cannot be restored; with `isHeld` it is
 * here already.
 */
export async function begin(
  assignment: Assignment,
  token: string,
  { isHeld = false, ...parts }: BeginParts & { readonly isHeld?: boolean; readonly tools?: ToolsEnvironment },
  stop: AbortSignal,
): Promise<Begun> {
  const { again, spec } = assignment;
  for (const message of lackWarnings(assignment))
    parts.tell({ type: 'attempt.warned', at: parts.clock.now(), data: { message } });
  if (again?.kind === 'resume') {
    const restart = await resume({ snapshot: again.snapshot, of: 'job', token, spec }, parts, stop);
    if (!restart) return { prompt: continuePrompt(again.snapshot), base: again.snapshot.base, freshFiles: false };
    await parts.workspace.clear();
    tellRestart(restart, parts);
  } else if (again?.kind === 'restart') tellRestart(again, parts);
  if (again?.origin) {
    if (!isHeld) await takeUp({ snapshot: again.origin, of: 'origin', token, spec }, parts, stop);
    return { prompt: promptOf(assignment), base: again.origin.base, freshFiles: false };
  }
  const base = await prepare(assignment, token, parts, stop);
  return { prompt: promptOf(assignment), base, freshFiles: spec.workspace.kind !== 'empty' };
}

interface Resumption extends SnapshotSource {
  readonly snapshot: Snapshot;
  readonly spec: Pick<Turn, 'permissionMode' | 'outputSchema'>;
}

/** Takes up a session where its last turn has left it. Rejects with `session.lost` if that is not possible. */
async function takeUp(...resumption: Parameters<typeof resume>): Promise<void> {
  const restart = await resume(...resumption);
  if (!restart) return;
  const { reason, message } = restart;
  throw new RemudaError(
    'session.lost',
    `The session could not be taken up from its snapshot, which is ${reason}${message === undefined ? '.' : `: ${message}`}`,
  );
}

/**
 * Resumes a session; undefined if it was resumed, otherwise why not. What fails is tried once more, since the session
 * is worth more than the seconds that this takes. Rejects if the attempt must end meanwhile.
 */
async function resume(resumption: Resumption, parts: BeginParts, stop: AbortSignal): Promise<Restart | undefined> {
  const first = await tryResume(resumption, parts, stop);
  if (!first || first.reason === 'unavailable') return first;
  const message = `The session was not resumed, and is tried once more: ${first.message ?? first.reason}`;
  parts.tell({ type: 'attempt.warned', at: parts.clock.now(), data: { message } });
  return tryResume(resumption, parts, stop);
}

async function tryResume(
  { snapshot, of, token, spec }: Resumption,
  { engine, snapshots, clock, tell }: BeginParts,
  stop: AbortSignal,
): Promise<Restart | undefined> {
  const { sessionId, at: snapshotAt, bytes } = snapshot;
  if (!snapshots) return { kind: 'restart', reason: 'unavailable', message: 'This worker has no snapshots.' };
  const had = await settled(snapshots.restore(snapshot, { of, token }, stop));
  stop.throwIfAborted();
  if ('error' in had) return { kind: 'restart', reason: 'broken', message: had.error };
  if (had.value.kind === 'unavailable') return { kind: 'restart', reason: 'unavailable', message: had.value.message };
  const taken = await settled(engine.resume(sessionId, spec));
  stop.throwIfAborted();
  if ('error' in taken) return { kind: 'restart', reason: 'refused', message: taken.error };
  tell({ type: 'attempt.resumed', at: clock.now(), data: { sessionId, snapshotAt, bytes } });
  return undefined;
}

async function settled<T>(work: Promise<T>): Promise<{ value: T } | { error: string }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error: failureOf(error).message };
  }
}

function tellRestart({ reason, message }: Restart, { tell, clock }: BeginParts): void {
  tell({ type: 'attempt.restarted', at: clock.now(), data: { reason, ...(message === undefined ? {} : { message }) } });
}

async function prepare(
  { spec }: Assignment,
  token: string,
  { workspace, files, clock, tell, tools = { env: {} } }: BeginParts & { readonly tools?: ToolsEnvironment },
  stop: AbortSignal,
): Promise<string | undefined> {
  const since = clock.monotonic();
  const { kind } = spec.workspace;
  if (kind === 'upload' || kind === 'snapshot') {
    if (!files) throw new RemudaError('workspace.failed', `This worker has no way to the files of an ${kind}.`);
    await files.fill(token, stop);
  }
  const base = await workspace.prepare(spec.workspace, token, stop);
  if (kind !== 'empty') {
    const commit = base === undefined ? {} : { commit: base };
    tell({
      type: 'workspace.prepared',
      at: clock.now(),
      data: { kind, ms: Math.round(clock.monotonic() - since), ...commit },
    });
    await runScript({ workspace, clock, tell }, tools, stop);
  }
  return base;
}

/** How much of a script is told when it starts, in characters. */
const scriptWidth = 120;

/** Runs the profile's script in a workspace that has files. Rejects with `workspace.failed` and its last lines. */
async function runScript(
  { workspace: { script }, clock, tell }: Pick<BeginParts, 'workspace' | 'clock' | 'tell'>,
  tools: ToolsEnvironment,
  stop: AbortSignal,
): Promise<void> {
  if (!script) return;
  const since = clock.monotonic();
  const [first = ''] = script.text.trim().split('\n');
  tell({ type: 'prepare.started', at: clock.now(), data: { script: first.slice(0, scriptWidth) } });
  const { ok, how, output } = await script.run(tools, stop);
  const ms = Math.round(clock.monotonic() - since);
  tell({ type: 'prepare.ended', at: clock.now(), data: { ok, ms, output } });
  stop.throwIfAborted();
  if (!ok) throw new RemudaError('workspace.failed', `The profile's prepare script ${how}.\n${output}`.trimEnd());
}

/** What a turn and those who sent it are told of earlier ones that the session lacks. */
export function lackWarnings({ lacks = [], again }: Pick<Assignment, 'lacks' | 'again'>): readonly string[] {
  const from = again?.origin ? `from ${new Date(again.origin.at).toISOString()}` : 'without files';
  return lacks.map(
    ({ turn, reason }) =>
      `What turn ${String(turn)} did to the files and the conversation is lost: the session goes on ${from}. ${reason}`,
  );
}

/** The prompt of a turn, after what is known of earlier turns that the session lacks. */
function promptOf({ spec, lacks = [], again }: Assignment): string {
  if (lacks.length === 0) return spec.prompt;
  return [
    again?.origin
      ? `The files of this folder are as they were at ${new Date(again.origin.at).toISOString()}.`
      : 'The files of this folder are those with which the conversation began.',
    'What you have done since could not be kept, and these turns are missing in this conversation:',
    ...lacks.flatMap(({ prompt, answer }) => [
      ...(prompt === undefined ? [] : [`You were asked: ${prompt}`]),
      ...(answer === undefined ? [] : [`You answered: ${answer}`]),
    ]),
    'Look at the files before you rely on them, and say so where it matters for the answer. The next request is:',
    spec.prompt,
  ].join('\n');
}

/** The prompt for a resumed session: what is lost, and what not to repeat. */
export function continuePrompt({ at }: Pick<Snapshot, 'at'>): string {
  return [
    'The machine on which you were working was lost, and this is another one.',
    `This conversation and the files of this folder are as they were at ${new Date(at).toISOString()}.`,
    'What was done after that is lost; so are files outside of this folder, running processes, and programs that were installed.',
    'A tool call without a result may have been begun: look before you do it again.',
    'Go on with the task from where it stands, and do not repeat what is already done.',
  ].join('\n');
}
