import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { RemudaError } from '@remuda/domain';

/**
 * A lock on a folder for as long as this process lives, also between containers of one machine: a socket in it at which
 * the process listens. The kernel ends that with the process, so there is nothing to expire; what a killed process
 * leaves answers nobody, and is removed.
 */
export class FolderLock {
  private constructor(
    private readonly server: Server,
    private readonly path: string,
  ) {}

  /** Takes the lock; `store.unavailable` if another process has it. */
  static async take(folder: string): Promise<FolderLock> {
    const path = join(folder, 'lock.sock');
    for (let tries = 0; tries < 2; tries++) {
      const server = await listenAt(path);
      if (server) return new FolderLock(server, path);
      if (await answers(path)) break;
      await rm(path, { force: true });
    }
    throw new RemudaError('store.unavailable', `Another process uses the database in ${folder}; only one can.`);
  }

  /** Gives it back. Safe to call twice. */
  async release(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.path, { force: true });
  }
}

/** Undefined if there is such a socket already. */
function listenAt(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
