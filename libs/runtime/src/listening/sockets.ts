import { connect, isIPv6, type Server } from 'node:net';
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { RemudaError } from '@remuda/domain';

/** Maximum path length of a unix socket on Linux; macOS allows three bytes less. */
export const maxSocketPathBytes = 104;

/**
 * Creates a folder that belongs to this app. A folder that belongs to another user, or that others can write to, is
 * refused with `config.invalid`: they could put their own sockets there.
 */
export function makeOwnFolder(folder: string, mode: number): void {
  mkdirSync(folder, { recursive: true, mode });
  const seen = lstatSync(folder);
  const refuse = (reason: string): never => {
    throw new RemudaError('config.invalid', `${folder} ${reason}`);
  };
  if (!seen.isDirectory()) refuse('is not a folder.');
  if (seen.uid !== 0 && seen.uid !== process.getuid?.()) refuse(`belongs to uid ${seen.uid}, not to this user.`);
  if ((seen.mode & 0o022) !== 0) refuse('is writable by others: chmod 755 it.');
}

/**
 * Listens on a unix socket with the given mode. A stale socket of a dead process is replaced; a live one is refused
 * with `config.invalid`. The server removes the file when it closes.
 */
export async function listenOnSocket(server: Server, path: string, mode: number): Promise<void> {
  if (await isLive(path))
    throw new RemudaError('config.invalid', `Another bridge listens on ${path}: stop it, or choose another path.`);
  removeStale(path);
  const umask = process.umask(0o177);
  try {
    await listening(server, { path });
  } finally {
    process.umask(umask);
  }
  chmodSync(path, mode);
}

/** Listens on a TCP address; resolves with the port, which the system picks for 0. Rejects with `config.invalid`. */
export async function listenOnAddress(server: Server, host: string, port: number): Promise<number> {
  await listening(server, { host, port });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

/** Host and port in URL notation. */
export function authority(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${String(port)}`;
}

function listening(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(new RemudaError('config.invalid', `Cannot listen: ${error.message}.`, { cause: error }));
    };
    server.once('error', fail).listen(where, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** Whether a process answers on a socket. */
function isLive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => {
      resolve(false);
    });
  });
}

function removeStale(path: string): void {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  if (!seen) return;
  if (!seen.isSocket()) throw new RemudaError('config.invalid', `${path} exists and is not a socket.`);
  unlinkSync(path);
}
