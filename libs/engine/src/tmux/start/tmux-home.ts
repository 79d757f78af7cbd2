import { join } from 'node:path';
import { runProgram } from '../../runner/run-program.js';
import type { Runner } from '../../runner/runner.port.js';
import { hookScript } from './hook-script.js';
import { ownConfig } from './start-of.js';
import { serverConfig } from '../tmux-server.js';

/** Paths of the files by which the engine and Claude Code's terminal work together, all in Claude Code's home. */
export function tmuxFiles(home: string) {
  const folder = join(home, '.claude', 'remuda');
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    config: at('tmux.conf'),
    script: at('hook.sh'),
    settings: at('settings.json'),
    request: at('request'),
    errors: at('errors'),
  };
}

/** The home in which they are, and as whom. */
export interface HomeAim {
  readonly home: string;
  /** Without links. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  readonly runner: Runner;
}

/** As Claude Code's user: the home may be closed to all others. */
const lay = `set -eu
umask 077
mkdir -p "$1" "$3"
cd "$1"
printf %s "$4" > hook.sh
printf %s "$5" > tmux.conf
[ -e "$2/.claude.json" ] || printf %s "$6" > "$2/.claude.json"
`;

/** Writes the files that do not change. Idempotent. */
export async function layTerminal({ home, workspace, env, runner }: HomeAim): Promise<void> {
  const texts = [hookScript, serverConfig, JSON.stringify(ownConfig(workspace))];
  const args = ['-c', lay, 'sh', tmuxFiles(home).folder, home, transcriptsIn(home, workspace), ...texts];
  await runProgram({ runner, command: '/bin/sh', args, cwd: '/', env, code: 'engine.start_failed' });
}

/** Writes one of them; its content comes by a pipe, so that no command line shows it. */
export async function writeTerminalFile({ env, runner }: HomeAim, path: string, content: string): Promise<void> {
  const args = ['-c', 'umask 077; cat > "$1"', 'sh', path];
  await runProgram({ runner, command: '/bin/sh', args, cwd: '/', env, input: content, code: 'engine.start_failed' });
}

/** Where Claude Code keeps the transcripts of a folder, in this home. */
export function transcriptsIn(home: string, workspace: string): string {
  return transcriptFolder(join(home, '.claude'), workspace);
}

/** The same, in its folder of configuration. */
export function transcriptFolder(config: string, workspace: string): string {
  return join(config, 'projects', workspace.replace(/[^A-Za-z0-9]/g, '-'));
}
