import { runProgram } from '../runner/run-program.js';
import { readProgram } from '../runner/stream-program.js';
import { shell, tarFine, type CopyPlace } from './session-copy.js';

/** Maximum size of the list of a workspace's files, in bytes: it is held in memory. */
const maxListBytes = 32 * 1024 * 1024;

/**
 * The files of a workspace, by their paths in it: no folders, links or devices, and nothing behind a link. Undefined if there are
 * too many. Rejects with `workspace.failed`.
 */
export async function listFiles(place: CopyPlace, signal?: AbortSignal): Promise<readonly string[] | undefined> {
  const list = await runProgram({
    ...shell(place, 'cd "$1" && find . -type f -print0', [place.workspace]),
    maxBytes: maxListBytes,
    // Exits with 1 as well where a folder may not be read, or is removed meanwhile.
    fine: [0, 1],
    code: 'workspace.failed',
    signal,
  });
  return list
    ?.toString('utf8')
    .split('\0')
    .slice(0, -1)
    .map((path) => path.slice('./'.length));
}

/** GNU tar would pack a second name of a file as a link to the first. */
const asFiles = process.platform === 'linux' ? '--hard-dereference ' : '';

/** Packs these files of a workspace as an uncompressed tar archive. Fails with `workspace.failed`, also for one that is gone. */
export function packFiles(place: CopyPlace, paths: readonly string[], signal?: AbortSignal): AsyncIterable<Buffer> {
  return readProgram({
    ...shell(place, `cd "$1" && exec tar ${asFiles}-cf - --null -T -`, [place.workspace]),
    input: paths.map((path) => `./${path}\0`).join(''),
    code: 'workspace.failed',
    signal,
    fine: tarFine,
  });
}
