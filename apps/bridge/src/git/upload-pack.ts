import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { isBroken } from './git-trouble.js';
import type { GitRun } from './git.js';

/** Seconds of silence after which git disconnects a client. */
const idleSeconds = 300;
/** How many characters of its output are kept. */
const keptWords = 4_096;

/** Partial clones are allowed, and a commit may be requested by id if a branch or tag contains it. */
const allowed = ['-c', 'uploadpack.allowFilter=true', '-c', 'uploadpack.allowReachableSHA1InWant=true'];

/**
 * Serves one repository over a connection with git's own `upload-pack`, which ends with the connection. Resolves when
 * it has ended, with whether git found the repository corrupt.
 */
export function uploadPack(socket: Socket, folder: string, { env }: Pick<GitRun, 'env'>): Promise<'served' | 'broken'> {
  if (socket.destroyed) return Promise.resolve('served');
  const args = [...allowed, 'upload-pack', '--strict', `--timeout=${String(idleSeconds)}`, folder];
  const child = spawn('git', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  child.on('error', () => socket.destroy());
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-keptWords)));
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
  socket.once('close', () => child.kill());
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve(code !== 0 && isBroken(words) ? 'broken' : 'served');
    });
    child.once('error', () => {
      resolve('served');
    });
  });
}
