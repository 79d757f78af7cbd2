import {
  failureOf,
  type Again,
  type Assignment,
  type Clock,
  type Engine,
  type NewEvent,
  type Snapshot,
  type Turn,
} from '@remuda/domain';
import type { SnapshotKeeper, WorkspaceKeeper } from './keepers.port.js';

/** What beginning an attempt takes. */
export interface BeginParts {
  readonly engine: Engine;
  readonly workspace: WorkspaceKeeper;
  /** Absent where the bridge has no snapshot listener. */
  readonly snapshots?: SnapshotKeeper | undefined;
  readonly clock: Clock;
  readonly tell: (event: NewEvent) => void;
}

/** What a turn begins with. */
export interface Begun {
  readonly prompt: string;
  /** The commit that the job's patch is against. */
  readonly base: string | undefined;
  /** Whether files were put into the workspace. */
  readonly freshFiles: boolean;
}

type Restart = Extract<Again, { kind: 'restart' }> & { readonly message?: string };

/**
 * Puts all in place for the turn: where the attempt is to go on with a session, that and its workspace as they were; else, or
 * where that does not work, an empty session and the job's own files. Says which of the two, where there was a choice.
 */
export async function begin(
  assignment: Assignment,
  token: string,
  parts: BeginParts,
  stop: AbortSignal,
): Promise<Begun> {
  const { again, spec } = assignment;
  if (again?.kind === 'resume') {
    const restart = await resume(again.snapshot, { token, spec }, parts, stop);
    if (!restart) return { prompt: continuePrompt(again.snapshot), base: again.snapshot.base, freshFiles: false };
    await parts.workspace.clear();
    tellRestart(restart, parts);
  } else if (again) tellRestart(again, parts);
  const base = await prepare(assignment, token, parts, stop);
  return { prompt: spec.prompt, base, freshFiles: spec.workspace.kind === 'git' };
}

/** Takes up a session; undefined when it is, else why not. Rejects when the attempt is to be ended meanwhile. */
async function resume(
  snapshot: Snapshot,
  { token, spec }: { readonly token: string; readonly spec: Pick<Turn, 'permissionMode' | 'outputSchema'> },
  { engine, snapshots, clock, tell }: BeginParts,
  stop: AbortSignal,
): Promise<Restart | undefined> {
  const { sessionId, at: snapshotAt, bytes } = snapshot;
  const had = await settled(snapshots?.restore(snapshot, token, stop));
  stop.throwIfAborted();
  if ('error' in had) return { kind: 'restart', reason: 'broken', message: had.error };
  if (had.value !== true) return { kind: 'restart', reason: 'unavailable' };
  const taken = await settled(engine.resume(sessionId, spec));
  stop.throwIfAborted();
  if ('error' in taken) return { kind: 'restart', reason: 'refused', message: taken.error };
  tell({ type: 'attempt.resumed', at: clock.now(), data: { sessionId, snapshotAt, bytes } });
  return undefined;
}

async function settled<T>(work: Promise<T> | undefined): Promise<{ value: T | undefined } | { error: string }> {
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
  { workspace, clock, tell }: BeginParts,
  stop: AbortSignal,
): Promise<string | undefined> {
  const since = clock.monotonic();
  const base = await workspace.prepare(spec.workspace, token, stop);
  if (spec.workspace.kind === 'git') {
    const commit = base === undefined ? {} : { commit: base };
    tell({
      type: 'workspace.prepared',
      at: clock.now(),
      data: { kind: 'git', ms: Math.round(clock.monotonic() - since), ...commit },
    });
  }
  return base;
}

/** What an attempt says to a session that it goes on with: what is lost, and what not to do again. */
export function continuePrompt({ at }: Pick<Snapshot, 'at'>): string {
  return [
    'The machine on which you were working was lost, and this is another one.',
    `This conversation and the files of this folder are as they were at ${new Date(at).toISOString()}.`,
    'What was done after that is lost; so are files outside of this folder, running processes, and programs that were installed.',
    'A tool call without a result may have been begun: look before you do it again.',
    'Go on with the task from where it stands, and do not repeat what is already done.',
  ].join('\n');
}
