import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  integer,
  oneOf,
  text,
  type ContainerRuntime,
  type Profile,
  type Setting,
  type SettingsOf,
} from '@remuda/domain';
import { DockerRuntime, KubernetesRuntime, ProcessRuntime, type PodSources } from '@remuda/containers';
import { resolveClaude } from '@remuda/engine';
import { socketFolder } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import { requireIsolation, type IsolationFacts } from './profiles/isolation.js';

const builtWorker = fileURLToPath(new URL('../../worker/dist/worker.mjs', import.meta.url));

/** What every runtime is made with. */
interface Place {
  /** Only workers of this cluster are seen and touched. */
  readonly cluster: string;
  /** Where a worker's sockets are on this machine. */
  readonly socketDirOf: (worker: string) => string;
  readonly hostEnv: Readonly<Record<string, string | undefined>>;
  /** What a job may still take when its worker is told to leave by a signal. */
  readonly drainMs: number;
  readonly podSources: PodSources;
  readonly log: Logger;
}

/** What only the `process` runtime reads. */
const processSettings = {
  workerBundle: {
    env: 'REMUDA_WORKER_BUNDLE',
    about: 'The worker program, for the `process` runtime. Default: the one built with the scheduler.',
    unit: 'path',
    parse: text,
  },
  claude: {
    env: 'REMUDA_CLAUDE',
    about: "Claude Code's executable, for the `process` runtime. Default: the one that was installed with Remuda.",
    unit: 'path',
    parse: text,
  },
  workerDir: {
    env: 'REMUDA_WORKER_DIR',
    about: "Where the `process` runtime keeps its workers' folders.",
    unit: 'path',
    default: join(tmpdir(), 'remuda-workers'),
    parse: text,
  },
} as const satisfies Record<string, Setting<unknown>>;

/** What only the `kubernetes` runtime reads. */
const kubernetesSettings = {
  kubeconfig: {
    env: 'REMUDA_KUBECONFIG',
    about:
      'The kubeconfig of the `kubernetes` runtime. Default: the service account of the pod that the scheduler runs in.',
    unit: 'path',
    parse: text,
  },
  kubernetesNamespace: {
    env: 'REMUDA_KUBERNETES_NAMESPACE',
    about:
      "Namespace in which the `kubernetes` runtime creates its pods. Default: the kubeconfig's namespace, or that of the scheduler's pod.",
    unit: 'name',
    parse: text,
  },
  unschedulableLimitMs: {
    env: 'REMUDA_UNSCHEDULABLE_LIMIT_MS',
    about: "How long an unschedulable pod is left to the cluster's autoscaler.",
    unit: 'ms',
    default: 180_000,
    parse: integer(1_000, 3_600_000),
  },
} as const satisfies Record<string, Setting<unknown>>;

const ownSettings = { ...processSettings, ...kubernetesSettings } as const;

/** The runtimes, by their names in `REMUDA_RUNTIME`. Another one is a line here, and settings of its own where it has some. */
const runtimes = {
  docker: ({ cluster, socketDirOf, log }) => new DockerRuntime({ cluster, socketDirOf, log }),
  process: (place, { workerBundle = builtWorker, claude, workerDir }) =>
    new ProcessRuntime({
      ...place,
      workerBundle,
      claude: claude ?? resolveClaude(fileURLToPath(import.meta.url)),
      dir: workerDir,
    }),
  kubernetes: (
    { cluster, drainMs, podSources: sources, log },
    { kubeconfig, kubernetesNamespace: namespace, unschedulableLimitMs },
  ) =>
    new KubernetesRuntime({
      ...{ cluster, drainMs, sources, unschedulableLimitMs, log },
      connection: {
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(namespace === undefined ? {} : { namespace }),
      },
    }),
} satisfies Record<string, (place: Place, settings: SettingsOf<typeof ownSettings>) => ContainerRuntime>;

const names = Object.keys(runtimes) as (keyof typeof runtimes)[];

/** Which runtime, and what the runtimes read. */
export const runtimeSettings = {
  runtime: {
    env: 'REMUDA_RUNTIME',
    about: 'How workers run. `process` does not isolate: jobs run as you and can read what you can.',
    unit: names.join(' or '),
    default: 'docker',
    parse: oneOf(names),
  },
  ...ownSettings,
} as const satisfies Record<string, Setting<unknown>>;

/** What decides which runtime is made, and whether it may be used. */
type RuntimeFacts = SettingsOf<typeof runtimeSettings> &
  Pick<IsolationFacts, 'apiHost' | 'allowUnisolated'> & {
    readonly namespace: string;
    readonly socketDir: string;
    readonly drainMs: number;
  };

/** The container runtime that the settings name; `config.invalid` where it does not isolate and would have to. */
export function makeRuntime(
  settings: RuntimeFacts,
  profiles: readonly Pick<Profile, 'enrol'>[],
  hostEnv: Place['hostEnv'],
  log: Logger,
): ContainerRuntime {
  const { namespace: cluster, socketDir, drainMs } = settings;
  const socketDirOf = (worker: string): string => join(socketDir, socketFolder(worker));
  const podSources = { made: profiles.some(({ enrol }) => !enrol), enrolled: profiles.some(({ enrol }) => enrol) };
  const runtime = runtimes[settings.runtime]({ cluster, socketDirOf, hostEnv, drainMs, podSources, log }, settings);
  const { kind, isolated } = runtime;
  const { apiHost, allowUnisolated } = settings;
  requireIsolation({ kind, isolated, apiHost, allowUnisolated });
  if (!isolated)
    log.warn({}, 'jobs run as processes on this machine, not isolated: they can read and do what this user can');
  return runtime;
}
