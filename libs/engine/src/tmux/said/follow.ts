import { LineReader } from '../../stream/lines.js';
import type { Runner, RunningProgram } from '../../runner/runner.port.js';

/** Maximum length of a line, in bytes: the same as of Claude Code's output. */
const maxLineBytes = 32 * 1024 * 1024;

/** What to follow. */
export interface FollowAim {
  readonly runner: Runner;
  readonly env: Readonly<Record<string, string>>;
  /** Need not exist yet; its folder must. */
  readonly path: string;
  /** Whether the lines that are there already count: all, none, or those behind so many bytes. */
  readonly from: 'start' | 'end' | number;
  /** A process with which the reading ends; default: none. */
  readonly until?: number;
  readonly onLine: (line: string) => void;
}

/**
 * Reads the lines that are appended to a file of Claude Code's user, whom alone it may be readable by. `tail` waits by
 * inotify; only on file systems without it does it look every 100 ms.
 */
export function follow({ runner, env, path, from, until, onLine }: FollowAim): RunningProgram {
  const start = typeof from === 'number' ? ['-c', `+${String(from + 1)}`] : ['-n', from === 'start' ? '+1' : '0'];
  const end = until === undefined ? [] : [`--pid=${String(until)}`];
  const args = [...start, ...end, '-s', '0.1', '-F', '--', path];
  const program = runner.start({ command: 'tail', args, cwd: '/', env });
  const reader = new LineReader(maxLineBytes);
  program.stdout.on('data', (chunk: Buffer) => {
    for (const line of reader.read(chunk) ?? []) onLine(line);
  });
  // it says there that the file is not there yet
  program.stderr.resume();
  program.stdin.end();
  return program;
}
