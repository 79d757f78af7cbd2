import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRaw } from '@remuda/redis/testing';
import { findServer } from '../../apps/local/src/redis/redis-facts.js';
import { freePort } from '../../apps/local/src/cluster/free-port.js';

/** A master with a replica, and sentinels who look after them. */
export interface WatchedRedis {
  readonly url: string;
  /** The sentinels' ports, and those of the two servers: the first is the master in the beginning. */
  readonly servers: readonly [number, number];
  /** Kills the master with SIGKILL, and resolves when it is gone. */
  killMaster(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whether there is a server of this machine: a container's would tell the sentinels addresses that nobody reaches. */
export const serverPath = await findServer(process.env);

/** So soon the sentinels take a silent master for dead, in ms. */
const downAfterMs = 500;

/** Brings them up on free ports; resolves when the sentinels know the replica. */
export async function startWatchedRedis(sentinels = 1): Promise<WatchedRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-sentinel-'));
  const running: ChildProcess[] = [];
  const run = async (name: string, lines: readonly string[], ...more: readonly string[]): Promise<ChildProcess> => {
    const conf = join(folder, `${name}.conf`);
    await writeFile(conf, `${lines.join('\n')}\n`);
    const child = spawn(serverPath ?? 'redis-server', [conf, ...more], { stdio: 'ignore' });
    running.push(child);
    await once(child, 'spawn');
    return child;
  };
  const [first, second] = [await freePort(), await freePort()] as const;
  const common = (port: number) => [
    `port ${String(port)}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    'save ""',
    'repl-diskless-sync-delay 0',
  ];
  const master = await run('first', common(first));
  await run('second', [...common(second), `replicaof 127.0.0.1 ${String(first)}`]);
  await isLinked(second);
  const ports: number[] = [];
  for (let i = 0; i < sentinels; i++) {
    const port = await freePort();
    ports.push(port);
    const quorum = String(Math.floor(sentinels / 2) + 1);
    await run(
      `sentinel-${String(i)}`,
      [
        ...[`port ${String(port)}`, 'bind 127.0.0.1', `sentinel monitor main 127.0.0.1 ${String(first)} ${quorum}`],
        ...[`sentinel down-after-milliseconds main ${String(downAfterMs)}`, 'sentinel failover-timeout main 3000'],
      ],
      '--sentinel',
    );
  }
  for (const port of ports) await knowsReplica(port, sentinels - 1);
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${String(port)}`).join(',')}/main`,
    servers: [first, second],
    killMaster: async () => {
      const gone = once(master, 'exit');
      master.kill('SIGKILL');
      await gone;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        running.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const gone = once(child, 'exit');
          child.kill('SIGKILL');
          await gone;
        }),
      );
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function isLinked(port: number): Promise<void> {
  await told(port, async (ask) => (await ask('INFO', 'replication')).includes('master_link_status:up'));
}

async function knowsReplica(port: number, others: number): Promise<void> {
  await told(port, async (ask) => {
    const text = await ask('INFO', 'sentinel');
    return text.includes('slaves=1') && text.includes(`sentinels=${String(others + 1)}`);
  });
}

/** Asks again and again until it is so. */
async function told(
  port: number,
  so: (ask: (...words: string[]) => Promise<string>) => Promise<boolean>,
): Promise<void> {
  const redis = connectRaw(`redis://127.0.0.1:${String(port)}`, { name: 'test-probe' });
  try {
    const ask = async (...[command = '', ...words]: string[]): Promise<string> =>
      String(await redis.call(command, ...words));
    while (!(await so(ask))) await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    redis.disconnect();
  }
}
