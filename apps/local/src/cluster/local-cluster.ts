import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readSettings } from '@remuda/domain';
import { startCluster, type Cluster } from './cluster.js';
import { chooseModel } from '../model-choice.mjs';
import { chooseRuntime, engineAnswers } from './runtime-choice.js';
import { localSettings } from '../settings.js';
import { provideWorkerImage } from './worker-image.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Options of a command that a person runs. */
export interface LocalOptions {
  readonly env: Env;
  /** A demo is isolated from other data in a Redis; a permanent cluster uses the given namespace. */
  readonly command: 'demo' | 'start';
  /** Aborts when the person wants to stop. */
  readonly signal: AbortSignal;
}

const root = join(import.meta.dirname, '../../../..');

/** Starts the cluster that suits this environment and machine, and reports progress on standard output. */
export async function startLocalCluster({ env, command, signal }: LocalOptions): Promise<Cluster> {
  const settings = readSettings(localSettings, env);
  const engine = await engineAnswers(env['DOCKER_HOST']);
  const runtime = chooseRuntime({ asked: settings.runtime, engine, platform: process.platform });
  say(`workers: ${runtime.note}`);
  if (runtime.kind === 'docker' && (env['REMUDA_WORKER_IMAGE'] ?? '') === '') {
    await provideWorkerImage(env, say);
  }
  const own = `local-${randomBytes(4).toString('hex')}`;
  const shared = settings.namespace ?? (settings.redisUrl === undefined ? own : 'remuda');
  return startCluster({
    env,
    namespace: command === 'demo' ? own : shared,
    forget: command === 'demo',
    history: command === 'start',
    runtime: runtime.kind,
    model: chooseModel(env),
    ports: { api: settings.apiPort, scheduler: settings.schedulerPort, bridge: settings.bridgePort },
    logDir: join(root, '.remuda/logs', command),
    signal,
    say,
  });
}

/** One line of progress. */
export function say(line: string): void {
  console.log(`· ${line}`);
}
