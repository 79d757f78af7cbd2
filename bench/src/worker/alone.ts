import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeReports, workerEnv, type WorkerProfile, type WorkerReport } from '@remuda/protocol';
import { redisKeys } from '@remuda/redis';
import type { RawConnection } from '@remuda/redis/testing';

/** Where one worker is started. */
export interface WorkerPlace {
  readonly redisUrl: string;
  readonly watch: RawConnection;
  readonly claude: string;
  /** Socket of a model that answers. */
  readonly socket: string;
  readonly dir: string;
}

/** What one start came to. */
export interface Started {
  /** From the start of the process to its first heartbeat in Redis, in ms. */
  readonly heartbeatMs: number;
  /** Memory that the worker reported with that heartbeat, in MB. */
  readonly heartbeatMb: number;
  /** From the start of the process until Claude Code is warm and the worker says that it's idle, in ms. */
  readonly warmMs: number;
  /** Memory of the worker's process when it has been idle for a moment, without Claude Code's, in MB. */
  readonly idleMb: number;
}

const namespace = 'bench';
const settleMs = 1_000;
const bundle = join(import.meta.dirname, '../../../apps/worker/dist/worker.mjs');
/** Ends the worker when this process is gone. */
const orphan = join(import.meta.dirname, '../../../apps/local/dist/cluster/orphan.js');
const profile: WorkerProfile = {
  name: 'default',
  afterJobs: 1,
  engine: { model: 'claude-sonnet-4-5', permissionMode: 'bypassPermissions', tools: {}, trustRepository: false },
};

/** Starts the real worker with the real Claude Code, watches its stream, and ends it. */
export async function startWorker(place: WorkerPlace, round: number): Promise<Started> {
  const id = `w-${round}`;
  const dir = join(place.dir, id);
  await mkdir(dir, { recursive: true });
  const heard = new Listener(place.watch, redisKeys(namespace).workerOut(id));
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', orphan, bundle], {
    cwd: dir,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: environment(place, id, dir),
  });
  const exited = once(child, 'exit');
  try {
    const beat = await heard.first('heartbeat');
    const heartbeatMs = performance.now() - began;
    await heard.first('phase');
    const warmMs = performance.now() - began;
    await sleep(settleMs);
    return { heartbeatMs, heartbeatMb: beat.rssMb, warmMs, idleMb: await residentMb(child.pid) };
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

/** Memory of a process in MB (of 2^20 bytes), as the system counts it. */
export async function residentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024;
}

/** Hears what a worker says on its stream from the beginning on. */
class Listener {
  #after = '0-0';

  constructor(
    private readonly redis: RawConnection,
    private readonly key: string,
  ) {}

  /** The next report of a kind; those before it are passed over. */
  async first<K extends WorkerReport['kind']>(kind: K): Promise<Extract<WorkerReport, { kind: K }>> {
    for (;;) {
      const read = await this.redis.xread('COUNT', 1, 'BLOCK', 30_000, 'STREAMS', this.key, this.#after);
      const [id, fields] = read?.[0]?.[1][0] ?? [];
      if (id === undefined) throw new Error(`the worker has said no ${kind} within 30 s`);
      this.#after = id;
      const report = decodeReports(fields?.[1] ?? '').find((each) => each?.kind === kind);
      if (report) return report as Extract<WorkerReport, { kind: K }>;
    }
  }
}

function environment(place: WorkerPlace, id: string, dir: string): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: join(dir, 'home'),
    [workerEnv.id]: id,
    [workerEnv.namespace]: namespace,
    [workerEnv.redisUrl]: place.redisUrl,
    [workerEnv.bridge]: `unix:${place.socket}`,
    [workerEnv.profile]: JSON.stringify(profile),
    [workerEnv.workspace]: join(dir, 'work'),
    [workerEnv.home]: join(dir, 'home'),
    [workerEnv.claude]: place.claude,
  };
}
