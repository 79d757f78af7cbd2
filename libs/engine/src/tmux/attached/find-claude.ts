import { join } from 'node:path';
import { runProgram } from '../../runner/run-program.js';
import type { Runner } from '../../runner/runner.port.js';
import type { TmuxServer } from '../tmux-server.js';
import { transcriptFolder } from '../start/tmux-home.js';

/** A Claude Code that a person has started in a tmux session. */
export interface FoundClaude {
  /** Its pane of tmux, `%3`. */
  readonly pane: string;
  readonly pid: number;
  /** Folder of the transcripts of its working folder. */
  readonly transcripts: string;
}

/** Where to look, and as whom. */
export interface FindPlace {
  readonly server: Pick<TmuxServer, 'panes'>;
  readonly session: string;
  readonly runner: Runner;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Prints, for the program in the foreground of each process's terminal: the process, the program's process id, its name,
 * its working folder, its HOME and its CLAUDE_CONFIG_DIR, a line each.
 */
const look = `for pid do
  stat=$(cat "/proc/$pid/stat" 2>/dev/null) || continue
  set -f; set -- \${stat##*) }; at=/proc/$6
  [ -r "$at/environ" ] || continue
  variable() { tr '\\0' '\\n' < "$at/environ" | sed -n "s/^$1=//p" | head -n 1; }
  printf '%s\\n' "$pid" "$6" "$(cat "$at/comm")" "$(readlink "$at/cwd")" "$(variable HOME)" "$(variable CLAUDE_CONFIG_DIR)"
done
`;

/** Finds the Claude Code in a session: in the foreground of one of its panes, also behind a shell. Undefined if there is none. */
export async function findClaude({ server, session, runner, env }: FindPlace): Promise<FoundClaude | undefined> {
  const panes = await server.panes(session).catch(() => []);
  if (panes.length === 0) return undefined;
  const args = ['-c', look, 'sh', ...panes.map(({ pid }) => String(pid))];
  const program = { runner, command: '/bin/sh', args, cwd: '/', env, code: 'engine.start_failed' } as const;
  const lines = String((await runProgram(program)) ?? '').split('\n');
  for (let i = 0; i + 5 < lines.length; i += 6) {
    const [shell, pid, name, folder = '', home = '', config = ''] = lines.slice(i, i + 6);
    const pane = panes.find((one) => String(one.pid) === shell);
    if (name !== 'claude' || pane === undefined) continue;
    const transcripts = transcriptFolder(config === '' ? join(home, '.claude') : config, folder);
    return { pane: pane.pane, pid: Number(pid), transcripts };
  }
  return undefined;
}
