import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContainerRuntime, SettingsOf } from '@remuda/domain';
import { DockerRuntime, ProcessRuntime } from '@remuda/containers';
import { resolveClaude } from '@remuda/engine';
import { socketFolder } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import { requireIsolation } from './profiles/isolation.js';
import type { schedulerSettings } from './settings.js';

const builtWorker = fileURLToPath(new URL('../../worker/dist/worker.mjs', import.meta.url));

/** The container runtime that the settings name; `config.invalid` where it does not isolate and would have to. */
export function makeRuntime(
  settings: SettingsOf<typeof schedulerSettings>,
  hostEnv: Readonly<Record<string, string | undefined>>,
  log: Logger,
): ContainerRuntime {
  const { namespace: cluster, socketDir } = settings;
  const socketDirOf = (worker: string): string => join(socketDir, socketFolder(worker));
  requireIsolation(settings);
  if (settings.runtime === 'docker') return new DockerRuntime({ cluster, socketDirOf, log });
  log.warn({}, 'jobs run as processes of this machine, not isolated: they can read and do what this user can');
  return new ProcessRuntime({
    cluster,
    socketDirOf,
    dir: settings.workerDir,
    workerBundle: settings.workerBundle ?? builtWorker,
    claude: settings.claude ?? resolveClaude(fileURLToPath(import.meta.url)),
    hostEnv,
    log,
  });
}
