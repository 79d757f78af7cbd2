import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../../apps/local/dist/cluster/free-port.js';
import { PodNamespace } from './pod-namespace.js';
import { addressForPods, certificateFor } from './this-machine.js';

/** The worker's own image; the cluster has it, or can pull it. */
const image = process.env['KUBERNETES_TEST_WORKER_IMAGE'] ?? 'remuda-worker:latest';

type Env = Readonly<Record<string, string>>;

/** Where the workers of a cluster are pods, while all else of it runs on this machine. */
export interface PodPlace {
  readonly namespace: PodNamespace;
  /** The address by which pods reach this machine. */
  readonly host: string;
  /** What the bridge and the scheduler of each side have to know besides; others leave it unread. */
  readonly env: Readonly<Record<'1' | '2', Env>>;
  /** Where pods of another controller enrol: the address of each scheduler, and who signed its certificate, PEM. */
  readonly enrol: { readonly urls: readonly string[]; readonly ca: string };
}

/**
 * Makes a namespace on the cluster that `KUBECONFIG` names, and a certificate for the bridges, and for the schedulers where pods enrol.
 */
export async function openPodPlace(dir: string, podsEnrol: boolean): Promise<PodPlace> {
  const kubeconfig = process.env['KUBECONFIG'] ?? '';
  if (kubeconfig === '') throw new Error('KUBECONFIG names no cluster');
  const host = await addressForPods(kubeconfig);
  const tls = join(dir, 'tls');
  await mkdir(tls, { mode: 0o700 });
  const files = await certificateFor(host, tls);
  const namespace = await PodNamespace.open(kubeconfig);
  const urls: string[] = [];
  const listener = async (): Promise<Env> => {
    if (!podsEnrol) return {};
    const address = `${host}:${String(await freePort())}`;
    urls.push(`https://${address}`);
    return {
      REMUDA_ENROL_LISTEN: address,
      REMUDA_ENROL_TLS_CERT: files.cert,
      REMUDA_ENROL_TLS_KEY: files.key,
    };
  };
  const side = async (): Promise<Env> => {
    const address = `${host}:${String(await freePort())}`;
    return {
      REMUDA_RUNTIME: 'kubernetes',
      REMUDA_KUBECONFIG: kubeconfig,
      REMUDA_KUBERNETES_NAMESPACE: namespace.namespace,
      REMUDA_WORKER_IMAGE: image,
      REMUDA_BRIDGE_LISTEN: address,
      REMUDA_BRIDGE_TLS_CERT: files.cert,
      REMUDA_BRIDGE_TLS_KEY: files.key,
      REMUDA_BRIDGE: `https://${address}`,
      REMUDA_BRIDGE_CA: files.cert,
      ...(await listener()),
    };
  };
  const env = { '1': await side(), '2': await side() };
  return { namespace, host, env, enrol: { urls, ca: await readFile(files.cert, 'utf8') } };
}
