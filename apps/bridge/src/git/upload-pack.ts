import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { GitRun } from './git.js';

/** Seconds of silence after which git gives up on a client. */
const idleSeconds = 300;

/** A partial clone may be asked for, and a commit by its id where a branch or tag holds it. */
const allowed = ['-c', 'uploadpack.allowFilter=true', '-c', 'uploadpack.allowReachableSHA1InWant=true'];

/** Serves one repository over a connection by git's own `upload-pack`, which ends with the connection. */
export function uploadPack(socket: Socket, folder: string, { env, signal }: GitRun): void {
  if (socket.destroyed) return;
  const args = [...allowed, 'upload-pack', '--strict', `--timeout=${idleSeconds}`, folder];
  const child = spawn('git', args, { env, signal, stdio: ['pipe', 'pipe', 'ignore'] });
  child.on('error', () => socket.destroy());
  child.stdin.on('error', () => undefined);
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
  socket.once('close', () => child.kill());
}
