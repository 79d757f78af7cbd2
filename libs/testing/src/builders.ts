import { defaultTenant, type JobRef } from '@remuda/domain';
import type { ContainerSpec, JobSpec, Profile, SeenWorker } from '@remuda/domain';

/** Identifies a job of the default tenant. */
export const jobRef = (id: string, tenant: string = defaultTenant): JobRef => ({ tenant, id });

/** A small job; name what matters to the test. */
export function jobSpec(own: Partial<JobSpec> = {}): JobSpec {
  return {
    prompt: 'Say hello.',
    profile: 'default',
    workspace: { kind: 'empty' },
    priority: 5,
    timeoutMs: 60_000,
    attempts: 3,
    deltas: false,
    labels: {},
    metadata: {},
    ...own,
  };
}

/** A profile with one warm worker. */
export function profile(own: Partial<Profile> = {}): Profile {
  return {
    name: 'default',
    image: 'remuda-worker:test',
    engine: 'stream',
    model: 'claude-test',
    models: [],
    permissionMode: 'bypassPermissions',
    tools: {},
    trustRepository: false,
    serverTools: [],
    egress: [],
    pool: { warm: 1, max: 4 },
    resources: { cpus: 1, memoryMb: 512, pids: 128, diskMb: 64 },
    recycle: { afterJobs: 1, afterMs: 3_600_000, idleMs: 60_000 },
    network: 'none',
    ...own,
  };
}

/** An idle worker. */
export function seenWorker(own: Partial<SeenWorker> = {}): SeenWorker {
  return { id: 'w-1', phase: 'idle', ageMs: 0, stale: false, lost: false, ...own };
}

/** A container for a worker of the default profile. */
export function containerSpec(own: Partial<ContainerSpec> = {}): ContainerSpec {
  const { name, image, resources, network } = profile();
  return { worker: 'w-1', profile: name, image, resources, network, env: {}, fingerprint: 'f-1', ...own };
}
