import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRaw } from '@remuda/redis/testing';
import { freePort } from '../../apps/local/src/cluster/free-port.js';
import { findServer } from '../../apps/local/src/redis/redis-facts.js';
import { redisImage } from '../../apps/local/src/redis/redis-plan.js';

/** A Redis of a test's own, gone with it. */
export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** Ends the server, as an outage would. Its data stay. */
  stop(): Promise<void>;
  /** Starts it again on the same port with its data. */
  start(): Promise<void>;
  /** Ends it and removes its folder. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a `redis-server` on a free port with a private folder, append-only file on. Resolves once it answers. */
export async function startRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const run = () => launch(port, folder);
  let server: Awaited<ReturnType<typeof run>> | undefined = await run();
  const stop = async (): Promise<void> => {
    await server?.end();
    server = undefined;
  };
  const close = async (): Promise<void> => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  const start = async (): Promise<void> => {
    server ??= await run();
  };
  return { port, url, stop, start, close, [Symbol.asyncDispose]: close };
}

/** The shell ends the server when its own input ends: by `end`, or with a test process that is killed. */
const keeper = '"$@" & server=$!; cat >/dev/null; kill $server; wait $server';

async function launch(port: number, folder: string): Promise<{ end(): Promise<void> }> {
  const command = await serverCommand(port, folder);
  const shell = spawn('sh', ['-c', keeper, 'sh', ...command], { stdio: ['pipe', 'ignore', 'ignore'] });
  // The shell may have been ended with all others of its group.
  shell.stdin.on('error', () => undefined);
  const exited = once(shell, 'exit');
  await once(shell, 'spawn');
  await answering(port);
  return {
    end: async () => {
      shell.stdin.end();
      await exited;
    },
  };
}

/** A server of this machine, else one in a container; `test/prepare.ts` sees to it that there is one of them. */
async function serverCommand(port: number, folder: string): Promise<readonly string[]> {
  const settings = ['--save', '', '--appendonly', 'yes'];
  const server = await findServer(process.env);
  if (server !== undefined)
    return [server, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...settings];
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const container = ['--rm', '--user', user, '-p', `127.0.0.1:${port}:6379`, '-v', `${folder}:/data`];
  return ['docker', 'run', ...container, redisImage, 'redis-server', '--dir', '/data', ...settings];
}

/** ioredis reconnects by itself, and keeps the command until the server has loaded its data. */
async function answering(port: number): Promise<void> {
  const probe = connectRaw(`redis://127.0.0.1:${port}`, { name: 'test-probe' });
  try {
    await probe.ping();
  } finally {
    probe.disconnect();
  }
}
