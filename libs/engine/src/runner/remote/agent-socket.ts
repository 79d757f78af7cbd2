import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RemudaError } from '@remuda/domain';

/**
 * The worker's side: listens on a unix socket until one agent has connected, and then for nobody else: the agent
 * connects before any job runs, so no process of a job can pose as one later. Rejects with `engine.start_failed` if
 * none connects in time.
 */
export async function admitAgent(path: string, limitMs: number): Promise<Socket> {
  await rm(path, { force: true });
  const server = createServer();
  const come = once(server, 'connection', { signal: AbortSignal.timeout(limitMs) }) as Promise<[Socket]>;
  // other connections that were accepted meanwhile
  server.once('connection', () => server.on('connection', (other: Socket) => other.destroy()));
  try {
    server.listen(path);
    await once(server, 'listening');
    // the agent is in our group
    await chmod(path, 0o660);
    const [socket] = await come;
    return socket;
  } catch (cause) {
    throw new RemudaError('engine.start_failed', `No agent connected to ${path} within ${String(limitMs)} ms.`, {
      cause,
    });
  } finally {
    come.catch(() => undefined);
    // this also removes the socket
    server.close();
  }
}

const tryEveryMs = 20;

/**
 * The agent's side: connects to its worker as soon as that listens. Rejects with `engine.start_failed` if it does not
 * in time.
 */
export async function reachWorker(path: string, limitMs: number): Promise<Socket> {
  const end = performance.now() + limitMs;
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (cause) {
      if (performance.now() > end)
        throw new RemudaError('engine.start_failed', `No worker listened at ${path} within ${String(limitMs)} ms.`, {
          cause,
        });
      await sleep(tryEveryMs);
    }
  }
}
