import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const folders = ['--exclude-dir=proc', '--exclude-dir=sys', '/'];

/** Runs a line of the shell in a place, with this standard input. The code is null where what ran was ended with its place. */
export type Shell = (
  line: string,
  input: string,
) => Promise<{ readonly code: number | null; readonly printed: string }>;

/**
 * Which of these texts are in a container: in a file of any folder, or in the environment or the arguments of a process, as
 * its two users see them. Root has no rights there beyond its own files, and all others are Claude Code's.
 */
export const foundIn = (container: string, sought: readonly string[]): Promise<readonly string[]> =>
  foundBy(
    ['0', '1000:1000'].map((user) => (line, input) => ended(container, user, line, input)),
    sought,
  );

/** Which of them any of these shells finds. The texts go in by standard input, so that the search does not find itself. */
export async function foundBy(shells: readonly Shell[], sought: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const shell of shells)
    for (const places of [`-r ${folders.join(' ')}`, '/proc/[0-9]*/environ /proc/[0-9]*/cmdline'])
      found.push(await search(shell, places, sought));
  return sought.filter((each) => found.some((printed) => printed.includes(each)));
}

/** What grep prints of the texts that it finds at these places, which may have patterns of the shell. */
async function search(shell: Shell, places: string, sought: readonly string[]): Promise<string> {
  const command = `exec grep --only-matching --no-filename --no-messages --text --fixed-strings --file=- ${places}`;
  for (let tries = 1; ; tries++) {
    const { code, printed } = await shell(command, `${sought.join('\n')}\n`);
    // 1: nothing found; 2: a file was gone or may not be read, as there always is one
    if (code !== null && code <= 2) return printed;
    // What runs as the job's user is ended between two jobs, a search too.
    const wasEnded = code === null || code === killed;
    if (!wasEnded || tries === maxTries) throw new Error(`a search ended with ${String(code)}`);
  }
}

/** The exit code of a program that was ended by SIGKILL. */
const killed = 137;
const maxTries = 3;

async function ended(container: string, user: string, line: string, input: string): ReturnType<Shell> {
  const child = spawn('docker', ['exec', '-i', '-u', user, container, 'sh', '-c', line], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // It may be ended before it has read all.
  child.stdin.on('error', () => undefined).end(input);
  const exited = once(child, 'exit');
  const printed = await text(child.stdout);
  const [code] = (await exited) as [number | null];
  return { code, printed };
}
