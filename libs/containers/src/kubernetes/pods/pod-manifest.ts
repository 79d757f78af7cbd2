import { workerEnv } from '@remuda/protocol';
import type { ContainerSpec, Resources } from '@remuda/domain';
import { workerLayout } from '../../worker-layout.js';
import { agentContainer, workerContainer } from '../container-names.js';
import { commonLabels, label, podName } from '../labels.js';
import type { ContainerManifest, PodManifest, PodSpec } from '../manifests.js';
import { withTemplate } from './pod-template.js';

/** The cluster whose pod it will be, and the Secret with its worker's environment, which is made after it. */
export interface PodHome {
  readonly cluster: string;
  readonly secret: string;
  /** What a worker may take to leave when something else than we deletes its pod, in seconds. */
  readonly graceSeconds: number;
}

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

/** With the account at Redis, and without any file of a job: what it does to those, it does by its agent. */
function worker({ image }: ContainerSpec, { secret }: PodHome): ContainerManifest {
  return {
    ...{ name: workerContainer, image, imagePullPolicy: 'IfNotPresent', workingDir: '/' },
    envFrom: [{ secretRef: { name: secret } }],
    resources: workerShare,
    securityContext: { ...walls, runAsUser: workerLayout.workerUid },
    volumeMounts: [{ name: sockets, mountPath: workerLayout.sockets }],
  };
}

/** With Claude Code and all that it starts, and without any secret. Of the sockets it can open what is there, and make none. */
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

/** A worker's environment in a pod: where things are in the image, unless its spec says otherwise. */
export function podEnvironment({ env }: Pick<ContainerSpec, 'env'>): Readonly<Record<string, string>> {
  return {
    [workerEnv.workspace]: workerLayout.workspace,
    [workerEnv.home]: workerLayout.home,
    [workerEnv.claude]: workerLayout.claude,
    [workerEnv.agentSocket]: workerLayout.agentSocket,
    ...env,
  };
}

/** What jobs may write to. */
const jobVolumes = [
  { name: 'workspace', mountPath: workerLayout.workspace },
  { name: 'home', mountPath: workerLayout.home },
  { name: 'tmp', mountPath: '/tmp' },
] as const;

const sockets = 'sockets';

/** For the worker itself, beyond what its profile gives to Claude Code: it holds a session's transcript in memory when it copies it. */
const workerShare = {
  requests: { cpu: '50m', memory: '192Mi' },
  limits: { cpu: '1', memory: '384Mi', 'ephemeral-storage': '64Mi' },
} as const;

/**
 * All of the memory is reserved, so that a node that runs short evicts others first; of the processor a quarter, since a warm worker
 * uses none. How many processes a pod may have is a setting of the kubelet.
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
