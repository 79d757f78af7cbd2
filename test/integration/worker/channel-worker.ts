import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startScriptedModel, type ScriptedModel } from '@remuda/scripted-model';
import { vi } from 'vitest';
import { mainVersion } from '../engine/versions.js';

const bundle = join(import.meta.dirname, '../../../apps/worker/dist/worker.mjs');

/** A worker as a person starts it, with folders of its own and a scripted model; no Redis and no bridge anywhere. */
export interface ChannelWorker extends AsyncDisposable {
  readonly folder: string;
  readonly workspace: string;
  readonly model: ScriptedModel;
  readonly pid: number;
  /** Resolves with its exit code. */
  readonly exited: Promise<number>;
  /** Stops it, and starts it again with the same arguments and these. */
  restart(...args: readonly string[]): Promise<void>;
  /** Its log so far. */
  log(): string;
  /** Resolves when it says `idle` in its status file. */
  idle(): Promise<void>;
  /** Runs the worker's program with these arguments and the same environment. */
  run(...args: string[]): Promise<Ran>;
  stop(): Promise<void>;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Starts one with these arguments; `--folder` is added. */
export function startChannelWorker(...args: readonly string[]): Promise<ChannelWorker> {
  return startChannelWorkerIn({}, ...args);
}

/** The same, with these variables in its environment. */
export async function startChannelWorkerIn(
  more: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<ChannelWorker> {
  const root = await mkdtemp(join(tmpdir(), 'remuda-channel-'));
  const [folder, workspace] = [join(root, 'ipc'), join(root, 'workspace')];
  await mkdir(workspace);
  const model = await startScriptedModel();
  const env = {
    PATH: process.env['PATH'],
    REMUDA_MODEL_URL: model.url,
    ANTHROPIC_API_KEY: 'sk-of-the-owner',
    REMUDA_WORKSPACE: workspace,
    REMUDA_HOME: join(root, 'home'),
    REMUDA_CLAUDE: mainVersion.claude,
    ...more,
  };
  let log = '';
  const start = (further: readonly string[]) => {
    const all = [bundle, '--folder', folder, ...args, ...further];
    const child = spawn(process.execPath, all, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (log += data.toString()));
    return { child, exited: once(child, 'exit').then(([code]) => Number(code)) };
  };
  let running = start([]);
  const stop = async (): Promise<void> => {
    running.child.kill('SIGTERM');
    await running.exited;
  };
  return {
    ...{ folder, workspace, model, stop },
    get pid() {
      return running.child.pid ?? 0;
    },
    get exited() {
      return running.exited;
    },
    restart: async (...further) => {
      await stop();
      running = start(further);
    },
    log: () => log,
    idle: () =>
      vi.waitFor(
        async () => {
          const status = JSON.parse(await readFile(join(folder, 'cc-bridge.status.json'), 'utf8')) as object;
          if (!('phase' in status) || status.phase !== 'idle') throw new Error(`not idle; it said: ${log}`);
        },
        { timeout: 60_000, interval: 50 },
      ),
    run: (...all) =>
      promisify(execFile)(process.execPath, [bundle, ...all], { env }).then(
        ({ stdout }) => ({ code: 0, out: stdout }),
        (error: unknown) => {
          const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
          return { code, out: stdout + stderr };
        },
      ),
    [Symbol.asyncDispose]: async () => {
      await stop();
      await model.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
