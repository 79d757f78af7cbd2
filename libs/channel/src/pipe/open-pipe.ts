import { execFile } from 'node:child_process';
import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { RemudaError } from '@remuda/domain';

const { O_NONBLOCK, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** Access for the owner and its group, who are on the two sides of a container's boundary, and nobody else. */
const pipeMode = '0660';

/**
 * How a pipe is opened. `read` ends when the last writer has closed it, and `write` is refused while there is no
 * reader; `both` never ends and is never refused, since its holder is at both ends.
 */
export type Access = 'read' | 'write' | 'both';

const flags = { read: O_RDONLY, write: O_WRONLY, both: O_RDWR } as const satisfies Record<Access, number>;

/** Creates a named pipe, or keeps an existing one. Rejects with `channel.invalid` if the path is something else. */
export async function makePipe(path: string): Promise<void> {
  if (isPipe(path)) return;
  try {
    await promisify(execFile)('mkfifo', ['-m', pipeMode, path]);
  } catch (cause) {
    // Another process may have created it in the meantime.
    if (isPipe(path)) return;
    throw new RemudaError('channel.unavailable', `The named pipe ${path} cannot be created.`, { cause });
  }
}

function isPipe(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isFIFO()) throw notPipe(path);
  return found !== undefined;
}

/**
 * Opens a named pipe without waiting for the other end: neither this call nor a thread of the pool blocks. Returns the
 * descriptor. Throws `channel.unavailable` if there is no pipe or nobody at its other end, `channel.invalid` for a link
 * or anything else.
 */
export function openPipe(path: string, access: Access): number {
  const fd = open(path, access);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw notPipe(path);
}

function open(path: string, access: Access): number {
  try {
    return openSync(path, flags[access] | O_NONBLOCK | O_NOFOLLOW);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ELOOP') throw notPipe(path);
    const why = code === 'ENXIO' ? 'nobody reads it' : code === 'ENOENT' ? 'it does not exist' : String(code);
    throw new RemudaError('channel.unavailable', `The named pipe ${path} cannot be opened: ${why}.`, { cause });
  }
}

const notPipe = (path: string): RemudaError => new RemudaError('channel.invalid', `${path} is not a named pipe.`);
