import { workerEnv, bridgeSockets } from '@remuda/protocol';
import type { ContainerSpec, Resources } from '@remuda/domain';
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { containerName, label } from './labels.js';
import { workerLayout } from '../worker-layout.js';

const mebibyte = 1024 * 1024;
const cpuPeriodUs = 100_000;

/** The cluster of the container, and the host's folder with this worker's sockets. */
export interface ContainerHome {
  readonly cluster: string;
  readonly socketDir: string;
}

/** How the engine is told to make a worker's container: the walls around the code that runs in it (DESIGN D5). */
export function containerOptions(spec: ContainerSpec, home: ContainerHome): ContainerCreateOptions & { name: string } {
  return {
    name: containerName(spec.worker),
    Image: spec.image,
    Hostname: spec.worker,
    User: '0:0',
    Labels: {
      [label.cluster]: home.cluster,
      [label.worker]: spec.worker,
      [label.profile]: spec.profile,
      [label.fingerprint]: spec.fingerprint,
    },
    Env: Object.entries({ ...layoutEnv, ...spec.env }).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      ...walls,
      ...limits(spec.resources),
      NetworkMode: spec.network,
      Mounts: [socketMount(home.socketDir), ...(spec.cache === undefined ? [] : [cacheMount(spec.cache)])],
    },
  };
}

/** The worker's environment that the image determines; the spec's own variables take precedence. */
const layoutEnv: Readonly<Record<string, string>> = {
  [workerEnv.workspace]: workerLayout.workspace,
  [workerEnv.home]: workerLayout.home,
  [workerEnv.cache]: workerLayout.cache,
  [workerEnv.claude]: workerLayout.claude,
  [workerEnv.engineUid]: String(workerLayout.uid),
  [workerEnv.engineGid]: String(workerLayout.gid),
  [workerEnv.bridge]: `unix:${workerLayout.sockets}/${bridgeSockets.model}`,
};

/** The same for every worker. The worker is root only to start, and kill, processes of the other user. */
const walls: HostConfig = {
  CapDrop: ['ALL'],
  CapAdd: ['SETUID', 'SETGID', 'KILL'],
  // without DAC_OVERRIDE root reads and writes the workspace as a member of its group
  GroupAdd: [String(workerLayout.gid)],
  SecurityOpt: ['no-new-privileges'],
  ReadonlyRootfs: true,
  IpcMode: 'private',
  // the image brings its own PID 1
  Init: false,
  RestartPolicy: { Name: 'no' },
  LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } },
};

/** Tmpfs counts as memory of the container: a full workspace may exhaust the memory before its own space. */
function limits({ cpus, memoryMb, pids, diskMb }: Resources): HostConfig {
  return {
    // not NanoCpus: the engine refuses more than the machine's number
    CpuPeriod: cpuPeriodUs,
    CpuQuota: Math.round(cpus * cpuPeriodUs),
    Memory: memoryMb * mebibyte,
    // equal to Memory: no swap
    MemorySwap: memoryMb * mebibyte,
    PidsLimit: pids,
    Tmpfs: {
      [workerLayout.workspace]: ownTmpfs(diskMb),
      [workerLayout.home]: ownTmpfs(diskMb),
      '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${String(diskMb)}m`,
    },
  };
}

/** Set-gid, so that files of either user belong to the group of both; exec, since builds and tools run there. */
function ownTmpfs(sizeMb: number): string {
  const { uid, gid } = workerLayout;
  return `rw,exec,nosuid,nodev,mode=2770,uid=${String(uid)},gid=${String(gid)},size=${String(sizeMb)}m`;
}

/** A mount, not a bind string: if the folder is missing, the engine fails instead of creating an empty one. */
function socketMount(socketDir: string): NonNullable<HostConfig['Mounts']>[number] {
  return { Type: 'bind', Source: socketDir, Target: workerLayout.sockets, ReadOnly: true };
}

/** Nobody who runs a job can write to what the next one reads. Nothing of the image is copied into an empty volume. */
function cacheMount(volume: string): NonNullable<HostConfig['Mounts']>[number] {
  return {
    Type: 'volume',
    Source: volume,
    Target: workerLayout.cache,
    ReadOnly: true,
    VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: 'local', Options: {} } },
  };
}
