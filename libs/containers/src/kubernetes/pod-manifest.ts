import { workerEnv } from '@remuda/protocol';
import type { ContainerSpec, Resources } from '@remuda/domain';
import { workerLayout } from '../worker-layout.js';
import { commonLabels, label, podName } from './labels.js';
import type { ContainerManifest, PodManifest, PodSpec } from './manifests.js';
import { withTemplate } from './pod-template.js';

/** The cluster whose pod it will be, and the Secret with its worker's environment, which is made after it. */
export interface PodHome {
  readonly cluster: string;
  readonly secret: string;
  /** What a worker may take to leave when something else than we deletes its pod, in seconds. */
  readonly graceSeconds: number;
}

/** The name of the container with our program. */
export const workerContainer = 'worker';

/** Keeps a pod from being given to a node until its Secret is there. */
const secretGate = 'remuda/secret';

/** For so long, in seconds, a worker is left on a node that does not answer. */
const lostNodeSeconds = 30;

/** How Kubernetes is told to make a worker's pod. It keeps to Pod Security `restricted`. */
export function podManifest(spec: ContainerSpec, home: PodHome): PodManifest {
  const manifest: PodManifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(spec.worker),
      labels: {
        ...commonLabels,
        [label.cluster]: home.cluster,
        [label.worker]: spec.worker,
        [label.profile]: spec.profile,
        [label.fingerprint]: spec.fingerprint,
      },
      // A worker leaves by the plan of its pool: a node is not emptied under its job to save the node.
      annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
    },
    spec: {
      // No node takes it before its Secret is there: one that looks for it in vain looks again after 10 s.
      schedulingGates: [{ name: secretGate }],
      // It leaves after its job: to start it again is the scheduler's to decide.
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: home.graceSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: workerLayout.uid, runAsGroup: workerLayout.gid, fsGroup: workerLayout.gid },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      tolerations: ['not-ready', 'unreachable'].map(leftOnNode),
      containers: [container(spec, home)],
      volumes: volumes.map(({ name }) => ({ name, emptyDir: { sizeLimit: mebibytes(spec.resources.diskMb) } })),
    },
  };
  return withTemplate(manifest, spec.pod ?? {});
}

function container({ image, resources }: ContainerSpec, { secret }: PodHome): ContainerManifest {
  return {
    name: workerContainer,
    image,
    imagePullPolicy: 'IfNotPresent',
    envFrom: [{ secretRef: { name: secret } }],
    resources: limits(resources),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: volumes.map(({ name, mountPath }) => ({ name, mountPath })),
  };
}

/** A worker's environment in a pod: where things are in the image, unless its spec says otherwise. */
export function podEnvironment({ env }: Pick<ContainerSpec, 'env'>): Readonly<Record<string, string>> {
  return {
    [workerEnv.workspace]: workerLayout.workspace,
    [workerEnv.home]: workerLayout.home,
    [workerEnv.claude]: workerLayout.claude,
    ...env,
  };
}

const volumes = [
  { name: 'workspace', mountPath: workerLayout.workspace },
  { name: 'home', mountPath: workerLayout.home },
  { name: 'tmp', mountPath: '/tmp' },
] as const;

/**
 * All of the memory is reserved, so that a node that runs short evicts others first; of the processor a quarter, since a warm worker
 * uses none. How many processes a pod may have is a setting of the kubelet.
 */
function limits({ cpus, memoryMb, diskMb }: Resources): NonNullable<ContainerManifest['resources']> {
  const memory = mebibytes(memoryMb);
  const disk = { 'ephemeral-storage': mebibytes(diskMb * volumes.length) };
  return {
    requests: { cpu: millicores(cpus / 4), memory },
    limits: { cpu: millicores(cpus), memory, ...disk },
  };
}

function leftOnNode(condition: string): NonNullable<PodSpec['tolerations']>[number] {
  const key = `node.kubernetes.io/${condition}`;
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: lostNodeSeconds };
}

const mebibytes = (mb: number): string => `${String(mb)}Mi`;

const millicores = (cpus: number): string => `${String(Math.max(10, Math.round(cpus * 1_000)))}m`;
