import { join } from 'node:path';
import { ownUser } from '../runner/local-runner.js';
import { runProgram } from '../runner/run-program.js';
import type { Runner } from '../runner/runner.port.js';
import { feedProgram, readProgram } from '../runner/stream-program.js';

/** The folders of an engine whose session and workspace are copied, and where they are. */
export interface CopyPlace {
  readonly workspace: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** Default: here, as the user of this process. */
  readonly runner?: Runner | undefined;
}

/** The session to copy. */
export interface SessionAim {
  readonly sessionId: string;
  /**
   * What the transcript must contain before it is copied, since it is written some 100 ms after the fact: the result of
   * a tool call, which comes after the call, or the agent's last message. Absent: the transcript is complete.
   */
  readonly toolId?: string;
  readonly messageId?: string;
  readonly signal?: AbortSignal;
}

/** Maximum size of a compressed session: it is held in memory. */
const maxSessionBytes = 64 * 1024 * 1024;

/** Lowest priority: the turn continues meanwhile. Fast compression costs a quarter of the usual one. */
const pack = "nice -n 10 tar --use-compress-program='gzip -1' -cf -";

/** The folder is waited for as well: Claude Code makes it with the first transcript, which may come after a tool's result. */
const packSession = `tries=0
until cd "$1" 2>/dev/null && grep -qF -e "$3" -- "$2.jsonl"; do
  tries=$((tries + 1))
  [ "$tries" -lt 40 ] || { cd "$1" || exit 3; exit 4; }
  sleep 0.05
done
if [ -d "$2" ]; then exec ${pack} -- "$2.jsonl" "$2"; else exec ${pack} -- "$2.jsonl"; fi
`;

/** The contents of the folder without the folder itself: that belongs to another user in a pod, and stays. */
const packWorkspace = `cd "$1" && find . -mindepth 1 -maxdepth 1 -print0 | ${pack} --null -T -`;

/** Exit codes of tar: GNU tar exits with 1 if a file was written meanwhile. The copy has the earlier content. */
export const tarFine = process.platform === 'linux' ? [0, 1] : [0];

/**
 * The packed transcript of a session; undefined if it is too large. Concurrent writes only append. Rejects with
 * `engine.crashed` if there is none, or none with the expected content.
 */
export async function copySession(place: CopyPlace, aim: SessionAim): Promise<Buffer | undefined> {
  const folder = await transcriptFolder(place);
  const awaited = awaitedIn(aim);
  return runProgram({
    ...shell(place, packSession, [folder, aim.sessionId, awaited]),
    maxBytes: maxSessionBytes,
    fine: tarFine,
    code: 'engine.crashed',
    signal: aim.signal,
  });
}

function awaitedIn({ toolId, messageId }: SessionAim): string {
  if (messageId !== undefined) return `"uuid":${JSON.stringify(messageId)}`;
  return toolId === undefined ? '' : `"tool_use_id":${JSON.stringify(toolId)}`;
}

/**
 * The packed files of a workspace, as they are read: the caller ensures a consistent state by preventing changes. An
 * unreadable file fails with `workspace.failed`; a file that changes meanwhile does not.
 */
export function copyWorkspace(place: CopyPlace, signal?: AbortSignal): AsyncGenerator<Buffer> {
  return readProgram({
    ...shell(place, packWorkspace, [place.workspace]),
    code: 'workspace.failed',
    signal,
    fine: tarFine,
  });
}

/** As the agent's user, who cannot write anywhere else; `tar` itself rejects paths that lead outside. */
const unpack = 'exec tar -xzpf - --no-same-owner';

/** Puts a session where Claude Code finds it. Rejects with `workspace.failed` if it cannot be unpacked. */
export async function pasteSession(place: CopyPlace, packed: Buffer): Promise<void> {
  const folder = await transcriptFolder(place);
  await runProgram({
    ...shell(place, `mkdir -p "$1" && cd "$1" && ${unpack}`, [folder]),
    input: packed,
    code: 'workspace.failed',
  });
}

/** Restores exactly the copied state of a workspace. Rejects with `workspace.failed`. */
export async function pasteWorkspace(
  place: CopyPlace,
  packed: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const empty = 'find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +';
  await feedProgram(
    { ...shell(place, `cd "$1" && ${empty} && ${unpack}`, [place.workspace]), code: 'workspace.failed', signal },
    packed,
  );
}

/** A script of the shell, as the agent's user. */
export function shell({ env, runner = ownUser, home }: CopyPlace, script: string, args: readonly string[]) {
  return {
    command: '/bin/sh',
    args: ['-c', script, 'sh', ...args],
    cwd: '/',
    env: { ...env, HOME: home, LC_ALL: 'C' },
    runner,
  };
}

/** Claude Code stores its transcripts by working folder. */
async function transcriptFolder({ workspace, home, runner = ownUser }: CopyPlace): Promise<string> {
  const folder = await runner.realPath(workspace);
  return join(home, '.claude', 'projects', folder.replace(/[^A-Za-z0-9]/g, '-'));
}
