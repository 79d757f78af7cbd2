import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const folders = ['--exclude-dir=proc', '--exclude-dir=sys', '/'];

/**
 * Which of these texts are in a container: in a file of any folder, or in the environment or the arguments of a process, as
 * its two users see them. Root has no rights there beyond its own files, and all others are Claude Code's. The texts go in by
 * standard input, so that the search does not find itself.
 */
export async function foundIn(container: string, sought: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const user of ['0', '1000:1000'])
    for (const places of [`-r ${folders.join(' ')}`, '/proc/[0-9]*/environ /proc/[0-9]*/cmdline'])
      found.push(await search(container, user, places, sought));
  return sought.filter((each) => found.some((printed) => printed.includes(each)));
}

/** What grep prints of the texts that it finds at these places, which may have patterns of the shell. */
async function search(container: string, user: string, places: string, sought: readonly string[]): Promise<string> {
  const command = `exec grep --only-matching --no-filename --no-messages --text --fixed-strings --file=- ${places}`;
  const child = spawn('docker', ['exec', '-i', '-u', user, container, 'sh', '-c', command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(`${sought.join('\n')}\n`);
  const ended = once(child, 'exit');
  const printed = await text(child.stdout);
  const [code] = (await ended) as [number | null];
  // 1: nothing found; 2: a file was gone or may not be read, as there always is one
  if (code === null || code > 2) throw new Error(`the search in ${container} ended with ${String(code)}`);
  return printed;
}
