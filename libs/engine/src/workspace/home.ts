import { join } from 'node:path';
import { toolsEnvScript } from '../process/environment.js';
import { runProgram } from '../runner/run-program.js';
import type { Runner } from '../runner/runner.port.js';

/** The folders of an engine, and where they are. */
export interface Folders {
  readonly workspace: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly runner: Runner;
  /** Whether the user's own CLAUDE.md must include the repository's, because it would not be read otherwise. */
  readonly importMemory: boolean;
  /** A read-only folder of which the home gets a copy: what package managers have fetched before. Default: none. */
  readonly cache?: string | undefined;
}

/** Path of the script that Bash runs before each of the agent's commands. */
export function toolsEnvPath(home: string): string {
  return join(home, '.claude', 'tools-env.sh');
}

/**
 * Everything in shell, as the agent's user: the folders may be closed to all others, including us. The cache's large
 * files become links, which costs no memory; small ones are copied, since tools append to their indexes and lock them.
 */
const lay = `set -eu
mkdir -p "$1" "$2/.claude"
[ -z "$5" ] || for cached in "$5"/* "$5"/.[!.]*; do
  case "$cached" in */.claude | */.claude.json | */lost+found) continue ;; esac
  [ -e "$cached" ] || continue
  cp -rs --no-clobber "$cached" "$2/"
  (cd "$5" && find "\${cached##*/}" -type f -size -17k -exec cp --preserve=mode,timestamps --parents --remove-destination -t "$2" {} +)
done
cd "$1"
[ -e .git ] || ! command -v git >/dev/null || git init -q -b main .
printf %s "$3" > "$2/.claude/tools-env.sh"
if [ -n "$4" ]; then printf '%s\\n' "$4" > "$2/.claude/CLAUDE.md"; else rm -f "$2/.claude/CLAUDE.md"; fi
`;

/**
 * Prepares both folders for a warm process: a home with our few files, a workspace that is a repository (a process that
 * started outside one never notices that it became one). On a machine without git it stays a plain folder. Idempotent.
 */
export async function layFolders(folders: Folders): Promise<void> {
  const { workspace, home, importMemory, cache = '' } = folders;
  const memory = importMemory ? `@${join(workspace, 'CLAUDE.md')}` : '';
  await shell(folders, lay, [workspace, home, toolsEnvScript, memory, cache]);
}

const scrub = `set -u
cd "$1" || exit 1
chmod -R u+rwX . 2>/dev/null
find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +
[ -n "$2" ] || exit 0
find /tmp /dev/shm /dev/mqueue -mindepth 1 -maxdepth 1 -user "$(id -u)" -exec chmod -R u+rwX {} + 2>/dev/null
find /tmp /dev/shm /dev/mqueue -mindepth 1 -maxdepth 1 -user "$(id -u)" -exec rm -rf {} + 2>/dev/null
! command -v ipcrm >/dev/null || ipcrm --all 2>/dev/null
exit 0
`;

/** Empties the home: a job may have written anything there. No process may use it any more. */
export async function scrubHome(folders: Folders): Promise<void> {
  // everything that belongs to a dedicated user is the engine's
  await shell(folders, scrub, [folders.home, folders.runner.alone ? 'all' : '']);
}

async function shell(folders: Folders, script: string, args: readonly string[]): Promise<void> {
  const { env, runner } = folders;
  await runProgram({
    runner,
    command: '/bin/sh',
    args: ['-c', script, 'sh', ...args],
    cwd: '/',
    env,
    code: 'engine.start_failed',
  });
}
