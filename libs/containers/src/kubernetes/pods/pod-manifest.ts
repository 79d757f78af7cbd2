import { workerEnv } from '@remuda/protocol';
import type { ContainerSpec, Resources } from '@remuda/domain';
import { workerLayout } from '../../worker-layout.js';
import { agentContainer, workerContainer } from '../container-names.js';
import { commonLabels, label, podName } from '../labels.js';
import type { ContainerManifest, PodManifest, PodSpec } from '../manifests.js';
import { withTemplate } from './pod-template.js';

/** The cluster of the pod, and the Secret with its worker's environment, which is created after it. */
export interface PodHome {
  readonly cluster: string;
  readonly secret: string;
  /** Time for a worker to leave when somebody else deletes its pod, in seconds. */
  readonly graceSeconds: number;
}

/** Keeps a pod from being scheduled until its Secret exists. */
const secretGate = 'remuda/secret';

/** How long a worker stays on a node that does not respond, in seconds. */
const lostNodeSeconds = 30;

/** The manifest of a worker's pod. It complies with Pod Security `restricted`. */
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
      // A worker leaves by its pool's plan: an autoscaler must not empty a node under its job.
      annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
    },
    spec: {
      // It is scheduled only when its Secret exists: a kubelet that misses a Secret retries after 10 s.
      schedulingGates: [{ name: secretGate }],
      // It leaves after its job: whether it is started again is decided by the scheduler.
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: home.graceSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        ...{ runAsNonRoot: true, fsGroup: workerLayout.gid },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      tolerations: ['not-ready', 'unreachable'].map(leftOnNode),
      containers: [worker(spec, home), agent(spec)],
      volumes: [
        ...jobVolumes.map(({ name }) => ({ name, emptyDir: { sizeLimit: mebibytes(spec.resources.diskMb) } })),
        { name: sockets, emptyDir: { sizeLimit: mebibytes(1) } },
      ],
    },
  };
  return withTemplate(manifest, spec.pod ?? {}, agentContainer);
}

/** Has the Redis account, and no file of a job: it accesses those through its agent. */
function worker({ image }: ContainerSpec, { secret }: PodHome): ContainerManifest {
  return {
    ...{ name: workerContainer, image, imagePullPolicy: 'IfNotPresent', workingDir: '/' },
    envFrom: [{ secretRef: { name: secret } }],
    resources: workerShare,
    securityContext: { ...walls, runAsUser: workerLayout.workerUid },
    volumeMounts: [{ name: sockets, mountPath: workerLayout.sockets }],
  };
}

/** Has Claude Code and what that starts, and no secret. It can open the existing sockets, and create none. */
function agent({ image, resources }: ContainerSpec): ContainerManifest {
  return {
    ...{ name: agentContainer, image, imagePullPolicy: 'IfNotPresent' },
    command: [...workerLayout.agent, workerLayout.agentSocket],
    resources: limits(resources),
    securityContext: { ...walls, runAsUser: workerLayout.uid },
    volumeMounts: [...jobVolumes, { name: sockets, mountPath: workerLayout.sockets, readOnly: true }],
  };
}

const walls = {
  ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsGroup: workerLayout.gid },
  capabilities: { drop: ['ALL'] },
};

/** A worker's environment in a pod: paths of the image, unless its spec says otherwise. */
export function podEnvironment({ env }: Pick<ContainerSpec, 'env'>): Readonly<Record<string, string>> {
  return {
    [workerEnv.workspace]: workerLayout.workspace,
    [workerEnv.home]: workerLayout.home,
    [workerEnv.cache]: workerLayout.cache,
    [workerEnv.claude]: workerLayout.claude,
    [workerEnv.agentSocket]: workerLayout.agentSocket,
    ...env,
  };
}

/** Where jobs may write. */
const jobVolumes = [
  { name: 'workspace', mountPath: workerLayout.workspace },
  { name: 'home', mountPath: workerLayout.home },
  { name: 'tmp', mountPath: '/tmp' },
] as const;

const sockets = 'sockets';

/**
 * Memory of the worker itself, in addition to that of the profile for Claude Code: it holds a session's transcript in
 * memory while it copies it.
 */
const workerShare = {
  requests: { cpu: '50m', memory: '192Mi' },
  limits: { cpu: '1', memory: '384Mi', 'ephemeral-storage': '64Mi' },
} as const;

/**
 * All of the memory is requested, so that a node under memory pressure evicts others first; of the CPU a quarter, since
 * a warm worker uses none. The limit of processes per pod is a setting of the kubelet.
 */
function limits({ cpus, memoryMb, diskMb }: Resources): NonNullable<ContainerManifest['resources']> {
  const memory = mebibytes(memoryMb);
  const disk = { 'ephemeral-storage': mebibytes(diskMb * jobVolumes.length) };
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
