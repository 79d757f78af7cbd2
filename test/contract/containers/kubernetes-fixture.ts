import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubernetesRuntime, type KubernetesRuntimeOptions } from '@remuda/containers';
import { ApiServer } from '../../kubernetes-api/api-server.js';
import { NodeStandIn } from '../../kubernetes-api/node-stand-in.js';
import { silent } from './silent.js';

const program = fileURLToPath(new URL('fixture/worker.mjs', import.meta.url));

/** The namespace that the stand-in has. */
export const namespace = 'workers';

/** An API server of a test's own, without a node, and runtimes over it. */
export interface ApiPlace {
  readonly api: ApiServer;
  open(own?: Partial<KubernetesRuntimeOptions>): KubernetesRuntime;
  /** A connection to the same server, in another namespace. */
  connection(namespace: string): KubernetesRuntimeOptions['connection'];
  close(): Promise<void>;
}

export async function apiPlace(): Promise<ApiPlace> {
  const api = await ApiServer.open(namespace);
  const folder = await mkdtemp(join(tmpdir(), 'rm-kube-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(api.url)));
  const options: KubernetesRuntimeOptions = {
    cluster: `c-${randomUUID().slice(0, 8)}`,
    connection: { kubeconfig, namespace },
    drainMs: 10_000,
    unschedulableLimitMs: 60_000,
    log: silent,
  };
  return {
    api,
    open: (own) => new KubernetesRuntime({ ...options, ...own }),
    connection: (other) => ({ kubeconfig, namespace: other }),
    close: async () => {
      await api.away();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The node that runs the fixture, whatever the image. */
export function fixtureNode(api: ApiServer, missing: readonly string[] = []): NodeStandIn {
  return new NodeStandIn(api, { program, missing });
}

function kubeconfigOf(server: string): object {
  return {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: { token: 'of no meaning here' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
}
